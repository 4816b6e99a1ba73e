#!/usr/bin/env bash
# Formats the sources, and mends what the linter can mend by itself.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev
.venv/bin/python -m ruff check --fix
.venv/bin/python -m ruff format
