#!/usr/bin/env bash
# Installs the programs that tests drive where they are missing and may be installed: Debian's Chromium and tmux,
# nothing from elsewhere. Without them their tests are skipped, and say so.
set -euo pipefail

# need WHAT CHECK PACKAGE …: the check succeeds, or the packages are installed.
need() {
    local what=$1 check=$2
    shift 2
    if eval "$check" >/dev/null 2>&1; then return; fi
    if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
        echo "teahouse: there is no $what; tests that need it will be skipped. On Debian: apt install $*" >&2
        return
    fi
    echo "teahouse: apt install $* (for the tests that need a $what; some minutes at the most)" >&2
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get install -y -q "$@" >/dev/null 2>&1 ||
        { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q "$@" >/dev/null 2>&1; }; }; then
        echo "teahouse: $what could not be installed; tests that need it will be skipped" >&2
    fi
}

need Chromium "command -v chromium || command -v chromium-browser || command -v google-chrome" chromium
need "font for Chinese" "compgen -G '/usr/share/fonts/*/*/*CJK*' || fc-list :lang=zh | grep ." fonts-noto-cjk
need "libatomic for Playwright" ".venv/lib/python3*/site-packages/playwright/driver/node --version" libatomic1
need tmux "command -v tmux" tmux
