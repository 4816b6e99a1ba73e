#!/usr/bin/env bash
# Lint, format, types, architecture, docs, pins. Runs all of them, then says which failed.
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev || exit 1

failed=()
check() {
    local name=$1
    shift
    echo "── $name"
    .venv/bin/python -m "$@" || failed+=("$name")
}
check lint ruff check
check format ruff format --check
check types mypy
check "architecture, docs, pins" pytest --quiet tests/test_architecture.py tests/test_docs.py tests/test_pins.py

if ((${#failed[@]})); then
    printf 'failed: %s\n' "${failed[@]}" >&2
    exit 1
fi
