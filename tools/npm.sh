#!/usr/bin/env bash
# Installs a folder's package-lock.json into its node_modules: tools/npm.sh [FOLDER...], without any: what checks
# the dashboard. At once when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
    echo "error: checking the dashboard needs Node.js and npm (Debian: apt install nodejs npm)" >&2
    exit 1
fi
for folder in "${@:-.}"; do
    stamp=$folder/node_modules/.installed
    key=$(cksum "$folder/package-lock.json")
    [ "$(cat "$stamp" 2>/dev/null)" = "$key" ] && continue
    echo "installing $folder/package-lock.json"
    npm ci --silent --ignore-scripts --prefix "$folder"
    printf '%s\n' "$key" >"$stamp"
done
