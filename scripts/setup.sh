#!/usr/bin/env bash
# Makes .venv and installs what is pinned: `setup.sh run` what the server needs, `setup.sh dev` what its tests need too.
#
# The environment is made beside, in .setup, and renamed when it is whole: however this ends, there is no environment or
# one that works, and a server that runs from the old one is not disturbed. One at a time: the lock is on the folder
# itself, and goes with whoever holds it. A stamp remembers what was installed, so that this costs nothing while neither
# the pins, nor the project's description, nor the folder, nor its Python has changed. The page is built too.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-dev}
python=${PYTHON:-python3}
scratch=.setup
new=$scratch/venv
here=$(pwd)
ticker=

say() { printf 'teahouse: %s\n' "$@" >&2; }

fail() {
    say "$@"
    exit 1
}

quiet() {
    if [[ -n $ticker ]]; then kill "$ticker" 2>/dev/null || true; fi
    ticker=
}

# step WHAT LENGTH: say what begins and how long it takes; then say every 3 s that it goes on.
step() {
    quiet
    say "$1; $2"
    (while sleep 3 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do say "$1: still at it, $SECONDS s so far"; done) 9<&- &
    ticker=$!
}

end() {
    quiet
    if [[ -n ${holds_lock:-} ]]; then rm -rf "$scratch"; fi
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

case $kind in
    run) lock=requirements-run.lock ;;
    dev) lock=requirements.lock ;;
    *) fail "setup.sh takes run or dev, not $kind" ;;
esac

stamp_for() {
    { cat "$2" pyproject.toml && echo "$here" && "$1/bin/python" -c 'import sys; print(sys.version_info)'; } |
        sha256sum | cut -d ' ' -f 1
}

# ready KIND LOCK: whether .venv has it all.
ready() {
    [[ -f .venv/teahouse-$1.stamp ]] && .venv/bin/python -c '' 2>/dev/null &&
        [[ $(<".venv/teahouse-$1.stamp") == "$(stamp_for .venv "$2")" ]]
}

# pip ENVIRONMENT ARGUMENT …: install; where that fails, say why in one line if it is one of the usual reasons.
pip() {
    local environment=$1
    shift
    if "$environment/bin/python" -m pip --quiet --disable-pip-version-check --no-input install "$@" >"$scratch/pip.log" 2>&1; then
        return
    fi
    quiet
    if grep -qE 'connection broken by|new connection|name resolution|timed out|unreachable|ProxyError' "$scratch/pip.log"; then
        fail "nothing can be downloaded: there is no way from here to the packages of PyPI. Connect this machine," \
            "or name a mirror or a proxy to pip (PIP_INDEX_URL, HTTPS_PROXY), and say it again."
    fi
    if grep -q 'No space left on device' "$scratch/pip.log"; then
        fail "the disk is full. This needs 500 MB in $here, and some in ${TMPDIR:-/tmp}."
    fi
    cat "$scratch/pip.log" >&2
    fail "pip could not install what $lock pins; the lines above say why."
}

# build_page ENVIRONMENT: where its sources have changed; that is looked at each time.
build_page() {
    local environment=$1
    if "$environment/bin/python" hatch_build.py fresh "$kind"; then return; fi
    mkdir -p "$scratch"
    if ! "$environment/bin/python" hatch_build.py node; then
        step "getting Node, to build the page" "60 MB, half a minute; only the tests keep it"
        if [[ $kind == dev ]]; then
            pip "$environment" --require-hashes -r requirements-node.lock
        else
            pip "$environment" --require-hashes -r requirements-node.lock --no-cache-dir --target "$scratch/node"
        fi
    fi
    step "building the page" "half a minute the first time"
    if ! command -v npm >/dev/null; then export npm_config_cache=$here/$scratch/npm; fi # it would stay in the home
    if [[ $kind == dev ]]; then
        "$environment/bin/python" hatch_build.py dev
    else
        PYTHONPATH=$scratch/node "$environment/bin/python" hatch_build.py
    fi
}

exec 9<.
if ! flock --nonblock 9; then
    step "another make is installing here" "this one waits until it is done"
    flock 9
fi
quiet
holds_lock=yes
rm -rf "$scratch" || fail "what was left in $here/$scratch cannot be removed: it is somebody else's." # by a power cut

if ready dev requirements.lock || { [[ $kind == run ]] && ready run requirements-run.lock; }; then
    build_page .venv
    exit 0
fi

command -v "$python" >/dev/null ||
    fail "there is no $python. Install Python 3.11 or newer; on Debian: apt install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is $("$python" -V), and Teahouse needs 3.11 or newer. Name a newer one: PYTHON=python3.12 make run"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "this Python cannot make a virtual environment. On Debian: apt install python3-venv"
mkdir "$scratch" || fail "nothing can be made in $here. Go to a folder that is yours."

step "installing $(grep -c == "$lock") packages" "30 s the first time"
"$python" -m venv --prompt .venv "$new"
pip "$new" --require-hashes -r "$lock"
build_page "$new"
pip "$new" --no-deps --no-build-isolation --editable .
# Its own programs name the folder in which it was made: let them name the one where it will be.
"$new/bin/python" - "$here/$new" "$here/.venv" <<'PROGRAM'
import sys
from pathlib import Path

old, new = (name.encode() for name in sys.argv[1:])
made = Path(sys.argv[1])
for path in [made / "pyvenv.cfg", *(made / "bin").iterdir()]:
    if not path.is_symlink() and path.is_file() and old in (content := path.read_bytes()):
        path.write_bytes(content.replace(old, new))
PROGRAM
stamp_for "$new" "$lock" >"$new/teahouse-$kind.stamp"
trap '' INT TERM HUP # from here to the end it is a matter of two renames
if [[ -e .venv || -L .venv ]]; then mv .venv "$scratch/old"; fi
mv "$new" .venv
