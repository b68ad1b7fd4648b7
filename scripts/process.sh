# Servers as processes.  A pid counts only while /proc says that it is ours:
# nothing is ever ended by its name.

# Runs COMMAND as another user, without a process between, when we are root.
as_user() {
    user=$1
    shift

    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid="$user" --regid="$user" --init-groups "$@"
    else
        "$@"
    fi
}

# STATE is where servers of another user may keep their data: the home, or,
# if that user cannot enter it (below /root, say), a folder of /var/lib.
state_find() {
    STATE=$DEVTALK_HOME
    [ "$(id -u)" -eq 0 ] || return 0

    # It may not be there yet.
    dir=$DEVTALK_HOME
    until [ -d "$dir" ]; do
        dir=$(dirname "$dir")
    done

    ! as_user www-data test -x "$dir" 2> /dev/null || return 0

    STATE=/var/lib/devtalk/$(printf %s "$DEVTALK_HOME" | cksum | cut -d' ' -f1)
}

state_make() {
    state_find
    mkdir -p "$STATE"
    [ "$STATE" = "$DEVTALK_HOME" ] || ln -sfn "$STATE" "$DEVTALK_HOME/state"
}

# Words of its command line that only this home's server has.
server_mark() {
    case $1 in
    postgres) echo "$STATE/postgres/data " ;;
    redis)    echo "$STATE/redis/redis.conf " ;;
    kafka)    echo "$STATE/kafka/server.properties " ;;
    nginx-*)  echo "$DEVTALK_HOME/$1/nginx.conf" ;;
    esac
}

# Prints the pid of a server that runs; fails if it does not.
server_pid() {
    pid=
    [ -r "$DEVTALK_HOME/$1/pid" ] || return 1
    read -r pid < "$DEVTALK_HOME/$1/pid" || :

    case $pid in
    ''|*[!0-9]*) return 1 ;;
    esac

    tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline" \
        | grep -qF -- "$(server_mark "$1")" || return 1
    echo "$pid"
}

server_log() {
    case $1 in
    nginx-*) echo "$DEVTALK_HOME/$1/error.log" ;;
    *)       echo "$DEVTALK_HOME/$1/log" ;;
    esac
}

# server_spawn NAME USER COMMAND...: in the background, its pid written down.
# A restart keeps the log of the run before.
server_spawn() {
    spawned=$1 user=$2
    shift 2

    if [ "$(id -u)" -eq 0 ]; then
        set -- setpriv --reuid="$user" --regid="$user" --init-groups "$@"
    fi

    ( cd "$STATE" || exit
      exec setsid "$@" >> "$DEVTALK_HOME/$spawned/log" 2>&1 < /dev/null 9>&- ) &
    echo $! > "$DEVTALK_HOME/$spawned/pid"
}

# port_free PORT SERVER: or ends with one line.
port_free() {
    hex=$(printf ':%04X' "$1")

    if cat /proc/net/tcp /proc/net/tcp6 2> /dev/null \
       | awk -v port="$hex" '$4 == "0A" && $2 ~ port "$" { found = 1 }
                             END { exit found ? 0 : 1 }'
    then
        die "port $1, for $2, is taken ('ss -ltnp' shows by whom):" \
            "free it, or set DEVTALK_PORT to another (now $DEVTALK_PORT)"
    fi
}

server_port() {
    case $1 in
    postgres) echo "$POSTGRES_PORT" ;;
    redis)    echo "$REDIS_PORT" ;;
    kafka)    echo "$KAFKA_PORT" ;;
    nginx-*)  echo $((DEVTALK_PORT + ${1#nginx-} - 1)) ;;
    esac
}

# The ports of a server that does not run are free, or the driver ends.
server_ports() {
    server_pid "$1" > /dev/null && return 0

    port_free "$(server_port "$1")" "$1"
    [ "$1" != kafka ] || port_free "$CONTROLLER_PORT" "kafka's controller"
}

# server_launch NAME: starts it unless it runs; server_wait NAME: until it
# answers.
server_launch() {
    server_pid "$1" > /dev/null && return 0

    server_ports "$1"
    mkdir -p "$DEVTALK_HOME/$1"
    STARTED="$1 $STARTED"
    "${1%%-*}_launch" "$1"
}

server_wait() {
    waited=0

    # For 2 s it may still be the shell that becomes the server.
    until "${1%%-*}_answers" "$1" > /dev/null 2>&1; do
        [ $waited -lt 10 ] || server_pid "$1" > /dev/null \
            || die_with "$(server_log "$1")" "$1 ended at its start" \
                   "(its log: $(server_log "$1"))"

        [ $waited -lt 300 ] \
            || die_with "$(server_log "$1")" "$1 does not answer after 60 s" \
                   "(its log: $(server_log "$1"))"
        sleep 0.2
        waited=$((waited + 1))
    done
}

server_start() {
    server_launch "$1"
    server_wait "$1"
}

server_signal() {
    case $1 in
    postgres) echo INT ;;          # the fast shutdown
    nginx-*)  echo QUIT ;;         # requests in flight are answered
    *)        echo TERM ;;
    esac
}

# server_stop NAME [now]: waits until it is gone; KILL after 30 s, or at once.
server_stop() {
    pid=$(server_pid "$1") || { rm -f "$DEVTALK_HOME/$1/pid"; return 0; }

    if [ "${2-}" = now ]; then
        server_kill "$1" "$pid"
        return 0
    fi

    waited=0

    while server_pid "$1" > /dev/null; do
        # Again each 2 s: one that has just begun may have missed it.
        [ $((waited % 20)) -ne 0 ] \
            || kill -s "$(server_signal "$1")" "$pid" 2> /dev/null || :

        if [ $waited -ge 300 ]; then
            say "$1 did not stop within 30 s: killed" >&2
            server_kill "$1" "$pid"
            return 0
        fi

        sleep 0.1
        waited=$((waited + 1))
    done

    rm -f "$DEVTALK_HOME/$1/pid"
}

# With its children, or they would go on without it.
server_kill() {
    children=$(cat "/proc/$2/task/$2/children" 2> /dev/null || :)
    kill -s KILL "$2" $children 2> /dev/null || :

    # Until nothing is left of them, not even a zombie: PostgreSQL takes the
    # pid in its lock file for alive.
    for child in "$2" $children; do
        waited=0
        while kill -s 0 "$child" 2> /dev/null && [ $waited -lt 100 ]; do
            sleep 0.05
            waited=$((waited + 1))
        done
    done

    rm -f "$DEVTALK_HOME/$1/pid"
}
