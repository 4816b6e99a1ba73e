#!/usr/bin/env bash
# Removes what can be made again: the environment and the caches. Never data.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf .venv .venv-fuzz .setup .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist uv.lock bench/.scratch
rm -rf web/node_modules src/teahouse/static teahouse-torture-*
find . -path ./teahouse-data -prune -o -path ./.git -prune -o \( -name __pycache__ -o -name '*.egg-info' \) -type d -prune -exec rm -rf {} +
