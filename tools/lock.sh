#!/usr/bin/env bash
# Writes the locked requirements anew: exact versions and hashes, valid on every machine and every Python
# from 3.11 on, without the address of any registry. Used by `make lock`; pass -U to take newer versions.
set -euo pipefail
cd "$(dirname "$0")/.."

# uv stays out of .venv, which holds only what is locked.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet 'uv>=0.13'

lock() {  # lock OUTPUT INPUT...: the inputs' packages and what they need, into OUTPUT
    local output=$1
    shift
    "$scratch/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url "${extra[@]}" "$@" --output-file "$output"
}

extra=("$@")
lock tools/requirements/run.txt pyproject.toml tools/requirements/run.in
lock tools/requirements/test.txt tools/requirements/test.in
lock tools/requirements/check.txt tools/requirements/check.in
lock tools/requirements/docs.txt tools/requirements/docs.in
lock tools/requirements/schemathesis.txt tools/requirements/schemathesis.in
extra+=(--no-deps)
lock tools/requirements/mongod.txt tools/requirements/mongod.in

if grep -nE 'https?://' tools/requirements/*.txt; then
    echo "lock: an address got into a locked file (see above)" >&2
    exit 1
fi
