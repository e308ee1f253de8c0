#!/bin/sh
# Installs the programs that the tests want beside Python, where it may.
# A test that misses one says so by name and is skipped; in CI it fails.
set -u

missing=''
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v chromium >/dev/null || missing="$missing chromium"
command -v chromedriver >/dev/null || missing="$missing chromium-driver"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"

[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # a list of words
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null ||
        echo "could not install$missing: their tests will be skipped" >&2
else
    echo "not installed:$missing (their tests will be skipped; sudo apt-get install$missing)" >&2
fi
