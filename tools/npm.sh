#!/usr/bin/env bash
# Installs what checks the dashboard into node_modules, as locked; at once when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
    echo "error: checking the dashboard needs Node.js and npm (Debian: apt install nodejs npm)" >&2
    exit 1
fi
stamp=node_modules/.installed
key=$(cksum package-lock.json)
[ "$(cat "$stamp" 2>/dev/null)" = "$key" ] && exit
echo "installing package-lock.json"
npm ci --silent
printf '%s\n' "$key" >"$stamp"
