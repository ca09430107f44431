#!/usr/bin/env bash
# The Debian packages that the firmware's tests are built with: says what to type when some are missing;
# with --list names those on one line and fails for none.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dpkg-query >/dev/null || exit 0 # not Debian: the build itself says what it misses

missing=()
while read -r package; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
        grep -x installed >/dev/null || missing+=("$package")
done <tests/avrsim/packages.txt
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "${1:-}" = --list ]; then
    echo "${missing[*]}"
    exit 0
fi

echo "error: the tests run real Arduino firmware in a simulator and need Debian packages for it. Type:" >&2
echo "    sudo apt-get install --no-install-recommends ${missing[*]}" >&2
exit 1
