#!/usr/bin/env bash
# Removes what can be made again: the environment and the caches. Never data.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf .venv .venv-fuzz .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist bench/.scratch web/node_modules src/teahouse/static
find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
