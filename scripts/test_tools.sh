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
        echo "teahouse: there is no $what; its tests will be skipped. On Debian: apt install $*" >&2
        return
    fi
    echo "teahouse: installing $what for its tests (apt install $*); Chromium takes a minute" >&2
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get install -y -q "$@" >/dev/null 2>&1 ||
        { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q "$@" >/dev/null 2>&1; }; }; then
        echo "teahouse: $what could not be installed; its tests will be skipped" >&2
    fi
}

need Chromium "command -v chromium || command -v chromium-browser || command -v google-chrome" chromium
need "font for Chinese" "compgen -G '/usr/share/fonts/*/*/*CJK*' || fc-list :lang=zh | grep ." fonts-noto-cjk
need "libatomic, which Playwright wants" ".venv/lib/python3*/site-packages/playwright/driver/node --version" libatomic1
need tmux "command -v tmux" tmux
