#!/usr/bin/env bash
# Installs the browser of the browser tests where it is missing and may be installed: Debian's Chromium, nothing from
# elsewhere. Without it those tests are skipped, and say so.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "teahouse: there is no Chromium; the browser tests will be skipped. On Debian: apt install chromium fonts-noto-cjk" >&2
    exit 0
fi
echo "teahouse: installing Chromium for the browser tests" >&2
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get install -y -q chromium fonts-noto-cjk >/dev/null 2>&1 ||
    { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q chromium fonts-noto-cjk >/dev/null 2>&1; }; }; then
    echo "teahouse: Chromium could not be installed; the browser tests will be skipped" >&2
fi
