#!/bin/sh
#
# t/fresh.sh [COMMAND]: proves that a bare Debian and this repository are all
# that "devtalk up" and "devtalk test" need.
#
# In a container of debian:bookworm, made with debootstrap from the mirror
# that this machine's apt uses (or pulled, with DEVTALK_FRESH_IMAGE=name).
# The container gets the repository as it lies here, the list of that one
# mirror, Maven's and pip's settings and the certificates that this machine
# trusts; it shares the machine's network, and so its ports.
#
# Wants root, docker (docker.io) and debootstrap.  A dockerd that this script
# has started is stopped at the end; all of its files go.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/t/lib/docker.sh"
container=

finish() {
    code=$?
    trap - EXIT HUP INT TERM

    if [ -n "$container" ]; then
        docker rm -f "$container" > /dev/null || :
    fi

    docker_end
    exit $code
}

image() {
    if [ -z "${DEVTALK_FRESH_IMAGE:-}" ]; then
        IMAGE=devtalk-fresh:bookworm
        docker_base "$IMAGE"
        return 0
    fi

    docker image inspect "$DEVTALK_FRESH_IMAGE" > /dev/null 2>&1 \
        || docker pull -q "$DEVTALK_FRESH_IMAGE"
    IMAGE=$DEVTALK_FRESH_IMAGE
}

run() {
    cat > "$work/script" << 'END'
set -eu
chmod 700 /root
cd /root/devtalk
echo "== Debian $(cat /etc/debian_version), $(dpkg -l | grep -c ^ii) packages"
[ -z "${FRESH:-}" ] || { sh -c "$FRESH"; exit; }

echo "== ./devtalk up"
./devtalk up
./devtalk status

echo "== and again"
date +%s > /tmp/began
./devtalk up
echo "== took $(($(date +%s) - $(cat /tmp/began))) s"

curl -sf 'http://127.0.0.1:8080/api/articles?limit=1' > /dev/null
./devtalk down

echo "== ./devtalk test"
./devtalk test
END
    container=$(docker create --init --network host -e "FRESH=${1:-}" \
                    "$IMAGE" sh /tmp/script)
    docker cp "$work/put/." "$container:/" > /dev/null
    docker cp "$work/script" "$container:/tmp/script" > /dev/null
    docker start -a "$container"
}


docker_begin docker dockerd debootstrap
docker info > /dev/null 2>&1 || docker_start_here
docker_place
image
docker_repository "$work/put/root/devtalk"
run "$@"
