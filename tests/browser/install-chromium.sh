#!/bin/sh
# Installs the browser that the tests drive: Debian's where apt is at hand, else Playwright's own.
# Usage: install-chromium.sh PYTHON
set -eu
python=$1

if [ -x /usr/bin/chromium ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium from the distribution…"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        chromium fonts-dejavu-core >/dev/null
    if [ -x /usr/bin/chromium ]; then
        exit 0
    fi
fi
"$python" -m playwright install chromium
