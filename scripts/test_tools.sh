#!/usr/bin/env bash
# Installs the programs that tests drive where they are missing and may be installed: Debian's Chromium and tmux,
# nothing from elsewhere. Without them their tests are skipped, and say so.
set -euo pipefail

# need WHAT "COMMAND …" PACKAGE …: one of the commands is there, or the packages are installed.
need() {
    local what=$1 commands=$2 command
    shift 2
    for command in $commands; do
        if command -v "$command" >/dev/null; then return; fi
    done
    if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
        echo "teahouse: there is no $what; its tests will be skipped. On Debian: apt install $*" >&2
        return
    fi
    echo "teahouse: installing $what for its tests" >&2
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get install -y -q "$@" >/dev/null 2>&1 ||
        { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q "$@" >/dev/null 2>&1; }; }; then
        echo "teahouse: $what could not be installed; its tests will be skipped" >&2
    fi
}

need Chromium "chromium chromium-browser google-chrome" chromium fonts-noto-cjk
need tmux tmux tmux
