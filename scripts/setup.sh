#!/usr/bin/env bash
# Makes .venv and installs what is pinned: `setup.sh run` what the server needs, `setup.sh dev` what its tests need too.
# A stamp remembers what was installed, so that it costs nothing while neither the pins, nor the project's
# description, nor the folder has changed. The page is built too.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-dev}
python=${PYTHON:-python3}

fail() {
    printf 'teahouse: %s\n' "$@" >&2
    exit 1
}

stamp_for() {
    { cat "$1" pyproject.toml && pwd; } | sha256sum | cut -d ' ' -f 1
}

ready() {
    [[ -f .venv/teahouse-$1.stamp && $(<".venv/teahouse-$1.stamp") == "$(stamp_for "$2")" ]]
}

# The page is built again where its sources have changed; that is looked at each time.
build_page() {
    .venv/bin/python hatch_build.py
}

if .venv/bin/python -c '' 2>/dev/null; then
    if ready dev requirements.lock || { [[ $kind == run ]] && ready run requirements-run.lock; }; then
        build_page
        exit 0
    fi
else
    command -v "$python" >/dev/null ||
        fail "there is no $python. Install Python 3.11 or newer; on Debian: apt install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$python is $("$python" -V), and Teahouse needs 3.11 or newer. Name a newer one: PYTHON=python3.12 make run"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "this Python cannot make a virtual environment. On Debian: apt install python3-venv"
    "$python" -m venv --clear .venv
fi

case $kind in
    run) lock=requirements-run.lock ;;
    dev) lock=requirements.lock ;;
    *) fail "setup.sh takes run or dev, not $kind" ;;
esac
echo "teahouse: installing what $lock pins" >&2
pip=(.venv/bin/python -m pip --quiet --disable-pip-version-check --no-input)
"${pip[@]}" install --require-hashes -r "$lock"
# Only the page's build needs Node, and only where the machine has none it comes from PyPI.
.venv/bin/python hatch_build.py node || "${pip[@]}" install --require-hashes -r requirements-node.lock
build_page
"${pip[@]}" install --no-deps --no-build-isolation --editable .
stamp_for "$lock" >".venv/teahouse-$kind.stamp"
