#!/usr/bin/env bash
# Makes the folder that the tests boot as a machine: Debian with systemd and Python, nothing else, and beside it
# the wheels that the gateway needs, because that machine has no network. Root only. Takes about a minute, and
# returns at once when nothing has changed since the last time.
#
#   tests/systemd/build_root.sh PYTHON      PYTHON: one with pip, for the download of the wheels
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C
python=$1
cache=.cache/systemd
root=$cache/root

[ "$(id -u)" -eq 0 ] || { echo "error: booting a systemd needs root; type: sudo make service" >&2; exit 1; }
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
packages=systemd,systemd-sysv,dbus,python3,python3-venv

make_root() {
    echo "making a Debian $suite with systemd"
    tools/debian_root.sh "$root" "$packages"
    : >"$root/etc/machine-id"
    mkdir -p "$root/opt/wheels"
    # What wants a network, a console or the hardware would only make the boot slow.
    chroot "$root" systemctl -q mask getty@tty1.service console-getty.service systemd-logind.service \
        systemd-networkd.service systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer \
        dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
    chroot "$root" systemctl -q set-default multi-user.target
}

get_wheels() {
    local version
    version=$(chroot "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "getting the wheels of tools/requirements/run.txt for Python $version"
    rm -rf "$root/opt/wheels"
    "$python" -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary=:all: \
        --python-version "$version" --dest "$root/opt/wheels" -r tools/requirements/run.txt
}

once() { # once NAME KEY FUNCTION: run it unless it has succeeded with this key before
    [ "$(cat "$cache/$1.done" 2>/dev/null)" = "$2" ] && return
    rm -f "$cache/$1.done"
    "$3"
    echo "$2" >"$cache/$1.done"
}

once root "$suite $packages $(cat "$0" tools/debian_root.sh | cksum)" make_root
once wheels "$(cat "$cache/root.done") $(cksum tools/requirements/run.txt)" get_wheels
