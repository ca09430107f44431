#!/usr/bin/env bash
# Makes a folder with this machine's Debian and few packages, from where this machine gets its own. Root only.
#
#   tools/debian_root.sh FOLDER PACKAGE,PACKAGE...
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C
folder=$1 packages=$2

[ "$(id -u)" -eq 0 ] || { echo "error: making a Debian in a folder needs root" >&2; exit 1; }
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk -v suite="$suite" '$2 == suite { print $1; exit }')
[ -n "$mirror" ] || { echo "error: apt has no source for $suite here" >&2; exit 1; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -rf "$folder"
mkdir -p "$folder"
debootstrap --variant=minbase --include="$packages" "$suite" "$folder" "$mirror" >"$log" 2>&1 ||
    { tail -20 "$log" >&2; exit 1; }
rm -rf "$folder"/var/cache/apt/* "$folder"/var/lib/apt/lists/*
