#!/bin/sh
# Makes a virtual environment from a lock file, bytecode compiled.
# usage: tools/install.sh PYTHON VENV LOCK_FILE
set -eu

python=$1 venv=$2 lock=$3

say() { printf '%s\n' "$*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    say "error: this needs Python 3.11 or newer as '$python'; name another one with make PYTHON=..."
    exit 1
}

# Debian and Ubuntu ship Python without the part that makes environments.
if ! "$python" -c 'import ensurepip' 2>/dev/null && [ ! -x "$venv/bin/pip" ]; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $package"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
    else
        say "error: Python's venv is missing; install it with: sudo apt-get install $package"
        exit 1
    fi
fi

say "installing the packages of $lock into $venv; this takes a while, once"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
# Compiling at start instead would leave about 10 MiB of heap behind in each process.
"$venv/bin/python" -m compileall -q runner dashboard services memory_report benchmarks
