#!/bin/sh
#
# t/fresh.sh [COMMAND]: proves that a bare Debian and this repository are all
# that "devtalk up" and "devtalk test" need.
#
# In a container of debian:bookworm, made with debootstrap from the mirror
# that this machine's apt uses (or pulled, with DEVTALK_FRESH_IMAGE=name).
# The container gets the repository as it lies here, the list of that one
# mirror, Maven's settings and the certificates that this machine trusts; it
# shares the machine's network, and so its ports.
#
# Wants root, docker (docker.io) and debootstrap.  A dockerd that this script
# has started is stopped at the end; all of its files go.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=
dockerd=
container=

fail() {
    echo "fresh.sh: $*" >&2
    exit 1
}

finish() {
    code=$?
    trap - EXIT HUP INT TERM

    if [ -n "$container" ]; then
        docker rm -f "$container" > /dev/null || :
    fi

    if [ -n "$dockerd" ]; then
        kill "$dockerd" 2> /dev/null || :
        wait "$dockerd" 2> /dev/null || :
    fi

    if [ -n "$work" ]; then
        # dockerd leaves its network's name space mounted.
        awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts \
            | sort -r | while read -r mounted; do umount "$mounted" || :; done
        rm -rf --one-file-system "$work" || :
    fi

    exit $code
}

daemon() {
    ! docker info > /dev/null 2>&1 || return 0

    command -v dockerd > /dev/null \
        || fail "no dockerd: apt-get install docker.io"
    DOCKER_HOST=unix://$work/docker.sock
    export DOCKER_HOST

    dockerd --data-root "$work/docker" --exec-root "$work/exec" \
        --pidfile "$work/docker.pid" --host "$DOCKER_HOST" \
        --bridge none --iptables=false --ip6tables=false \
        > "$work/dockerd.log" 2>&1 < /dev/null &
    dockerd=$!

    tries=0
    until docker info > /dev/null 2>&1; do
        kill -0 "$dockerd" 2> /dev/null && [ $tries -lt 60 ] || {
            tail -n 5 "$work/dockerd.log" >&2
            fail "dockerd does not start (above)"
        }
        tries=$((tries + 1))
        sleep 1
    done
}

# The base image, as small as Debian makes it.
image() {
    if [ -n "${DEVTALK_FRESH_IMAGE:-}" ]; then
        docker image inspect "$DEVTALK_FRESH_IMAGE" > /dev/null 2>&1 \
            || docker pull -q "$DEVTALK_FRESH_IMAGE"
        IMAGE=$DEVTALK_FRESH_IMAGE
        return 0
    fi

    command -v debootstrap > /dev/null \
        || fail "no debootstrap: apt-get install debootstrap"
    debootstrap --variant=minbase bookworm "$work/base" "$MIRROR" \
        > "$work/debootstrap.log" 2>&1 \
        || { tail -n 5 "$work/debootstrap.log" >&2; fail "debootstrap"; }

    IMAGE=devtalk-fresh:bookworm
    tar -C "$work/base" -c . | docker import - "$IMAGE" > /dev/null
    rm -rf --one-file-system "$work/base"
}

# What a machine at this place would have: where its registries are.
place() {
    mkdir -p "$work/put/etc/apt/sources.list.d" "$work/put/etc/apt/apt.conf.d" \
             "$work/put/usr/local/share" "$work/put/root/.m2"

    printf 'deb %s bookworm main\ndeb-src %s bookworm main\n' \
        "$MIRROR" "$MIRROR" > "$work/put/etc/apt/sources.list"

    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' \
        'Created-By: Packages' 'Component: main' | sort -u \
        | while read -r uri name
    do
        case $name in
        bookworm-updates|bookworm-security)
            printf 'deb %s %s main\ndeb-src %s %s main\n' \
                "$uri" "$name" "$uri" "$name" ;;
        esac
    done >> "$work/put/etc/apt/sources.list"

    apt-config dump | grep '^Acquire::http' \
        > "$work/put/etc/apt/apt.conf.d/99here" || :

    [ ! -d /usr/local/share/ca-certificates ] \
        || cp -R /usr/local/share/ca-certificates "$work/put/usr/local/share/"
    [ ! -f "$HOME/.m2/settings.xml" ] \
        || cp "$HOME/.m2/settings.xml" "$work/put/root/.m2/"
}

repository() {
    mkdir -p "$work/put/root/devtalk"
    ( cd "$root"
      git -c core.quotePath=false ls-files --cached --others \
              --exclude-standard \
          | while IFS= read -r file; do
                [ ! -e "$file" ] || printf '%s\n' "$file"
            done \
          | tar -c -T - ) | tar -x -C "$work/put/root/devtalk"
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


[ "$(id -u)" -eq 0 ] || fail "must be root: dockerd and debootstrap want it"
command -v docker > /dev/null || fail "no docker: apt-get install docker.io"

trap finish EXIT
trap 'exit 130' HUP INT TERM
work=$(mktemp -d /var/tmp/devtalk-fresh.XXXXXX)

MIRROR=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
             'Codename: bookworm' 'Component: main' | head -n 1)
[ -n "$MIRROR" ] || fail "this machine's apt knows no mirror of bookworm"

daemon
image
place
repository
run "$@"
