#!/usr/bin/env bash
# Installs the Debian packages that are missing, as root or with sudo; without either it says what to type.
# Returns at once when nothing is missing.
#
#   tools/install_packages.sh SET...      python, mongod, node, browser, firmware, systemd;
#                                         test = all that `make test` needs, long = all that `make test-long` needs
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"

missing=()

need() { # need PACKAGE CONDITION...: the package is missing when the condition fails
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

has_library() { ldconfig -p | grep -F "$1 " >/dev/null; }
has_either() { command -v "$1" || command -v "$2"; }

need_installed() { # need_installed PACKAGE...: for packages that no command gives away
    local package installed
    installed=" $(dpkg-query --show --showformat='${db:Status-Status}:${Package} ' "$@" 2>/dev/null || true)"
    for package in "$@"; do
        [[ $installed == *" installed:$package "* ]] || missing+=("$package")
    done
}

look_for() { # look_for SET: what of it is missing
    case $1 in
    python)
        need make command -v make
        need python3 command -v "${PYTHON:-python3}"
        # For another Python than Debian's there is no package to name; tools/venv.sh says so.
        [ "${PYTHON:-python3}" != python3 ] || need python3-venv python3 -c 'import ensurepip, venv'
        ;;
    mongod) need libcurl4 has_library libcurl.so.4 ;;
    node)
        need nodejs command -v node
        need npm command -v npm
        ;;
    browser) need chromium has_either chromium chromium-browser ;;
    firmware)
        local packages
        mapfile -t packages <tests/avrsim/packages.txt
        need_installed "${packages[@]}"
        ;;
    systemd)
        need debootstrap command -v debootstrap
        need systemd-container command -v systemd-nspawn
        need util-linux command -v nsenter
        need systemd command -v systemd-analyze
        ;;
    test) for set in python mongod node browser firmware; do look_for "$set"; done ;;
    long) for set in test systemd; do look_for "$set"; done ;;
    *)
        echo "error: there is no set $1 of packages" >&2
        exit 2
        ;;
    esac
}

for set in "$@"; do look_for "$set"; done
[ ${#missing[@]} -gt 0 ] || exit 0

install='apt-get install --no-install-recommends'
if ! command -v apt-get >/dev/null; then
    echo "error: this is no Debian; install what these packages of Debian have: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        printf 'error: packages are missing and there is no sudo. As root, type:\n    %s\n' \
            "$install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    $install -qq --yes "${missing[@]}" >"$log" 2>&1 || {
    tail -20 "$log" >&2
    printf 'error: apt could not install them (see above). Type:\n    sudo %s\n' "$install ${missing[*]}" >&2
    exit 1
}
