#!/usr/bin/env bash
# Property tests of the codecs, of the core and of REST, and the search for slow inputs, with forty times as many examples as `make test` tries.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev
exec .venv/bin/python -m pytest --quiet --numprocesses 2 --hypothesis-profile fuzz tests/wire tests/core tests/server/test_rest_any.py tests/test_slow_inputs.py "$@"
