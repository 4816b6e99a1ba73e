#!/usr/bin/env bash
# Lets schemathesis try 5,000 requests and more on a server of its own, by the OpenAPI document: fuzz_rest.sh [CASES]
# It has an environment of its own, because it needs twenty packages that nothing else here needs.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev

lock=requirements-fuzz.lock
stamp=$(sha256sum "$lock" | cut -d ' ' -f 1)
if [[ ! -f .venv-fuzz/teahouse.stamp || $(<.venv-fuzz/teahouse.stamp) != "$stamp" ]]; then
    "${PYTHON:-python3}" -m venv --clear .venv-fuzz
    .venv-fuzz/bin/python -m pip --quiet --disable-pip-version-check --no-input install --require-hashes -r "$lock"
    echo "$stamp" >.venv-fuzz/teahouse.stamp
fi
PYTHONPATH=. exec .venv/bin/python scripts/fuzz_rest.py "$@"
