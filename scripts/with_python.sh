#!/usr/bin/env bash
# Runs a Python script in the project's environment: with_python.sh scripts/measure.py --events 1000
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev
PYTHONPATH=. exec .venv/bin/python "$@"
