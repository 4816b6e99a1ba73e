#!/usr/bin/env bash
# Serves on 127.0.0.1:7256 with data in ./teahouse-data; TEAHOUSE_PORT=7300 make run changes a setting.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
export TEAHOUSE_STARTED_BY="make run" # what the server says is then said in these words (docs/operations.md)
exec .venv/bin/python -m teahouse serve "$@"
