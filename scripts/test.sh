#!/usr/bin/env bash
# Runs every test, two at a time; what is given goes to pytest: scripts/test.sh tests/core -k names
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev
scripts/test_tools.sh
exec .venv/bin/python -m pytest --quiet --numprocesses 2 --dist worksteal "$@"
