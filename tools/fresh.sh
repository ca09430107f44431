#!/usr/bin/env bash
# Shows that two commands are enough: in an empty Debian it clones what is committed here, types `make run`, asks
# the gateway, and types `make test`. Root only; what is made is removed at the end.
#
#   tools/fresh.sh [ARGUMENT...]            the arguments go to pytest; none: all that `make test` runs
set -euo pipefail
cd "$(dirname "$0")/.."

# All that must be there before. The machine's settings for apt, pip and npm are given to it, not its packages.
minimum=git,make,python3,ca-certificates
settings=(
    /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/auth.conf.d /etc/apt/trusted.gpg.d
    /etc/pip.conf /root/.config/pip /root/.npmrc /etc/npmrc /etc/hosts /etc/resolv.conf
    /etc/ssl/certs/ca-certificates.crt
)

if [ "${1:-}" != --inside ]; then
    tools/install_packages.sh systemd
    work=$(mktemp -d /var/tmp/fresh-XXXXXX)
    trap 'rm -rf --one-file-system "$work"' EXIT
    echo "making a Debian with $minimum"
    tools/debian_root.sh "$work/root" "$minimum"
    rm "$work/root/etc/apt/sources.list"
    for path in "${settings[@]}"; do
        [ ! -e "$path" ] || cp -rL --parents "$path" "$work/root"
    done
    git bundle create --quiet "$work/root/root/gateway.bundle" HEAD
    # Its mounts and its processes go with it, however it ends.
    unshare --mount --pid --fork --kill-child "$0" --inside "$work/root" "$@"
    exit
fi

root=$2
shift 2
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
# What `make fresh` hands down is not for the make inside.
chroot "$root" env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u ARGS -u PYTHON \
    -C /root HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    bash -euo pipefail /dev/fd/3 "$@" 3<<'STEPS'
began=0
took() {
    echo "== $1: $((SECONDS - began)) s"
    began=$SECONDS
}

git clone --quiet --config advice.detachedHead=false gateway.bundle gateway
cd gateway
took 'git clone'

# Without venv `make run` says what to type, and that is all it needs.
make run && exit 1
apt-get -qq update
apt-get -qq --yes --no-install-recommends install python3-venv >/dev/null 2>&1
took 'make run says what to type, and that is typed'

port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
ask() { # ask PATH: fails unless the gateway answers with 200
    python3 -c 'import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
connection.request("GET", sys.argv[2])
reply = connection.getresponse()
print(reply.read().decode())
sys.exit(reply.status != 200)' "$port" "$1"
}
make run ARGS="--port $port" >../run.log 2>&1 &
until ask /readyz >/dev/null 2>&1; do
    kill -0 $! || { cat ../run.log; exit 1; }
    sleep 0.2
done
took 'make run is ready'
ask /api/v1/devices | grep -o '"id":"[^"]*"' | xargs echo 'devices:'
kill $!
wait $! || true

make test ARGS="$*"
took 'make test'
make test ARGS='--collect-only -qq -n 0 tests/model' >/dev/null
took 'make test again, with nothing to install and no test to run'
STEPS
