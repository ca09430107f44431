#!/usr/bin/env bash
# Makes .venv and brings it up to date with the locked requirements: tools/venv.sh run|test|check|docs...
# When nothing has changed since the last time it returns at once, without starting pip.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

fail() {
    echo "error: $1" >&2
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" >&2
    exit 1
}

check_python() {
    command -v "$python" >/dev/null ||
        fail "there is no '$python' here; install Python 3.11 or later (Debian: apt install python3 python3-venv)"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "the gateway needs Python 3.11 or later, and '$python' is $("$python" --version 2>&1)." \
            "Install a newer one and name it: make PYTHON=python3.12 ..."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "'$python' cannot make virtual environments with pip." \
            "On Debian and Raspberry Pi OS: sudo apt install python3-venv"
}

# A venv holds absolute paths and belongs to one Python: after a move or an upgrade it is made anew.
venv_identity() {
    pwd -P
    "$python" -c 'import os, sys; print(sys.version, os.path.realpath(sys.executable))'
}

make_venv() {
    local identity
    identity=$(venv_identity)
    [ "$(cat .venv/.identity 2>/dev/null)" = "$identity" ] && return
    echo "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
    printf '%s\n' "$identity" >.venv/.identity
}

pip_install() {
    # Raspberry Pi OS points pip at piwheels, whose own builds have other hashes than the locked ones.
    if .venv/bin/python -m pip config list | grep piwheels >/dev/null; then
        PIP_CONFIG_FILE=/dev/null .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
    else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

install_set() {  # install_set run|test|check|docs
    local locked="tools/requirements/$1.txt" stamp=".venv/.installed-$1" inputs key
    inputs=("$locked")
    [ "$1" = run ] && inputs+=(pyproject.toml gateway/__init__.py)
    key=$(cksum "${inputs[@]}")
    [ "$(cat "$stamp" 2>/dev/null)" = "$key" ] && return
    echo "installing $locked"
    pip_install --require-hashes -r "$locked" ||
        fail "pip could not install $locked (see above); with the network back, type the same again"
    if [ "$1" = run ]; then
        pip_install --no-deps --no-build-isolation --editable .
    fi
    printf '%s\n' "$key" >"$stamp"
}

check_python
# Two makes at once must not install into one folder together.
if command -v flock >/dev/null; then
    mkdir -p .cache
    exec 9>.cache/venv.lock
    flock 9
fi
make_venv
for set in "$@"; do
    install_set "$set"
done
