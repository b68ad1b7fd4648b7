# For fresh.sh and docker.sh: a dockerd of our own, begun and ended by hand,
# and a bookworm from the mirror that this machine's apt uses.
#
# work is the script's folder, and all that is in it goes at the end; put, in
# it, is what containers get on top of the base; dockerd is the daemon's pid.

work=
dockerd=

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# docker_begin COMMAND...: what must be there, and the folder.
docker_begin() {
    [ "$(id -u)" -eq 0 ] \
        || fail "must be root: dockerd and debootstrap want it"

    for command in "$@"; do
        command -v "$command" > /dev/null \
            || fail "no $command: apt-get install docker.io docker-compose" \
                    "debootstrap"
    done

    MIRROR=$(apt-get indextargets --format '$(REPO_URI)' \
                 'Created-By: Packages' 'Codename: bookworm' \
                 'Component: main' | head -n 1)
    [ -n "$MIRROR" ] || fail "this machine's apt knows no mirror of bookworm"

    trap finish EXIT
    trap 'exit 130' HUP INT TERM
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/devtalk-${0##*/}.XXXXXX")
}

docker_end() {
    docker_stop

    if [ -n "$work" ]; then
        # dockerd leaves its network's name space mounted.
        awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts \
            | sort -r | while read -r mounted; do umount "$mounted" || :; done
        rm -rf --one-file-system "$work" || :
    fi
}

# docker_start COMMAND...: the command becomes a dockerd whose files are all
# in the folder.
docker_start() {
    DOCKER_HOST=unix://$work/docker.sock
    export DOCKER_HOST

    "$@" --data-root "$work/docker" --exec-root "$work/exec" \
        --pidfile "$work/docker.pid" --host "$DOCKER_HOST" \
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

# In the network of this machine, which it leaves alone.
docker_start_here() {
    docker_start dockerd --bridge none --iptables=false --ip6tables=false
}

# In a network of its own: with bridges and filters, but without a way out.
docker_start_apart() {
    docker_start unshare --net sh -c 'ip link set lo up; exec "$@"' sh dockerd
}

docker_stop() {
    [ -n "$dockerd" ] || return 0
    kill "$dockerd" 2> /dev/null || :
    wait "$dockerd" 2> /dev/null || :
    dockerd=
}

# docker_base IMAGE: as small as Debian makes it, with what is in put.
docker_base() {
    debootstrap --variant=minbase bookworm "$work/base" "$MIRROR" \
        > "$work/debootstrap.log" 2>&1 \
        || { tail -n 5 "$work/debootstrap.log" >&2; fail "debootstrap"; }

    cp -R "$work/put/." "$work/base/"
    tar -C "$work/base" -c . | docker import - "$1" > /dev/null
    rm -rf --one-file-system "$work/base"
}

# What a machine at this place would have: where its registries are.
docker_place() {
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
    [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$work/put/etc/"
}

# docker_repository FOLDER: the files of the repository as they lie here.
docker_repository() {
    mkdir -p "$1"
    ( cd "$root" || exit
      git -c core.quotePath=false ls-files --cached --others \
              --exclude-standard \
          | while IFS= read -r file; do
                [ ! -e "$file" ] || printf '%s\n' "$file"
            done \
          | tar -c -T - ) | tar -x -C "$1"
}
