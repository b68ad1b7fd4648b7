# All servers together.

# Leaves stack_abort() as the trap: "up" is done when its caller is.
stack_up() {
    state_find

    if stack_runs; then
        settings_read saved
        settings_conflict
    else
        settings_read fresh
    fi

    mkdir -p "$DEVTALK_HOME/log"
    packages_install run build
    stack_lock
    state_make
    secrets_make
    [ -n "$DEVTALK_KAFKA" ] || kafka_jars
    modules_build

    STARTED=
    trap stack_abort EXIT
    trap 'exit 130' HUP INT TERM
    stack_start
    settings_save
}

# One "up", "down" or "reset" at a time in a home.  Servers do not inherit
# the lock: each is started with 9>&-.
stack_lock() {
    mkdir -p "$DEVTALK_HOME"
    exec 9> "$DEVTALK_HOME/lock"
    flock -w 600 9 || die "another devtalk works in $DEVTALK_HOME: wait for it"
}

stack_start() {
    for server in $STORES $NODES; do
        server_ports "$server"
    done

    for server in $STORES; do
        server_pid "$server" > /dev/null || say "starting $server"
        server_launch "$server"
    done

    for server in $STORES; do
        server_wait "$server"
    done

    stack_reachable
    kafka_topics
    database_up

    for server in $NODES; do
        stack_node "$server"
    done
}

stack_node() {
    if server_pid "$1" > /dev/null; then
        if nginx_outdated "$1"; then
            say "restarting $1: the modules are new"
            server_stop "$1"
        else
            return 0
        fi
    else
        say "starting $1"
    fi

    server_start "$1"
}

# Given servers: one line now instead of failures later.
stack_reachable() {
    if [ -n "$DEVTALK_REDIS" ] && ! redis_answers 2> /dev/null; then
        die "DEVTALK_REDIS: no Redis answers at $DEVTALK_REDIS"
    fi

    if [ -n "$DEVTALK_KAFKA" ] && ! kafka_answers 2> /dev/null; then
        die "DEVTALK_KAFKA: no broker answers at $DEVTALK_KAFKA"
    fi
}

# An "up" that failed stops what it has started, and only that.
stack_abort() {
    code=$?
    trap - EXIT HUP INT TERM

    for server in $STARTED; do
        server_stop "$server" || :
    done

    exit $code
}

# nginx first: it answers what is in flight while its servers are there.
stack_all() {
    for pid_file in "$DEVTALK_HOME"/nginx-*/pid; do
        [ ! -e "$pid_file" ] || basename "$(dirname "$pid_file")"
    done

    echo kafka redis postgres
}

stack_runs() {
    for server in $(stack_all); do
        ! server_pid "$server" > /dev/null || return 0
    done

    return 1
}

stack_down() {
    for server in $(stack_all); do
        if server_pid "$server" > /dev/null; then
            [ "${1-}" = quiet ] || say "stopping $server"
            server_stop "$server"
        fi
    done
}

# All data of this home; the build stays.
stack_reset() {
    stack_down "$@"

    for server in postgres redis kafka; do
        rm -rf "${STATE:?}/$server" "${DEVTALK_HOME:?}/$server"
    done

    [ "$STATE" = "$DEVTALK_HOME" ] || rm -rf "$STATE"
    rm -rf "$DEVTALK_HOME"/nginx-* "$SECRETS" "$DEVTALK_HOME/log" \
           "$DEVTALK_HOME/settings" "$DEVTALK_HOME/state" \
           "$DEVTALK_HOME/seeded"
}

stack_status() {
    printf '%-10s %-22s %-20s %s\n' SERVER ADDRESS STATE VERSION
    stopped=0

    for server in $NODES postgres redis kafka; do
        stack_status_of "$server"
    done

    return $stopped
}

stack_status_of() {
    version=
    state=stopped

    case $1 in
    nginx-*)  address=$(nginx_url "$1"); address=${address#*://} ;;
    redis)    address=$REDIS_ADDRESS ;;
    kafka)    address=$KAFKA_ADDRESS ;;
    postgres) address=127.0.0.1:$POSTGRES_PORT ;;
    esac

    if pid=$(server_pid "$1"); then
        state="silent (pid $pid)"
        ! "${1%%-*}_answers" "$1" > /dev/null 2>&1 || state="up (pid $pid)"
        version=$("${1%%-*}_version" || :)
    else
        stack_status_given "$1"
    fi

    [ "${state%% *}" = up ] || stopped=1
    printf '%-10s %-22s %-20s %s\n' "$1" "$address" "$state" "$version"
}

# A server that is not ours.
stack_status_given() {
    case $1 in
    postgres) given=$DEVTALK_POSTGRES ;;
    redis)    given=$DEVTALK_REDIS ;;
    kafka)    given=$DEVTALK_KAFKA ;;
    *)        given= ;;
    esac

    [ -n "$given" ] || return 0
    state="away (not ours)"

    if [ "$1" = postgres ]; then
        ( postgres_derive ) > /dev/null 2>&1 || return 0
        postgres_derive
        address=$PGHOST:$PGPORT
    elif ! "${1}_answers" > /dev/null 2>&1; then
        return 0
    fi

    state="up (not ours)"
    version=$("${1}_version" || :)
}

# What to do with it.
stack_welcome() {
    url=$(nginx_url nginx-1)
    say
    say "Dev Talk listens:"

    for server in $NODES; do
        say "    $(nginx_url "$server")"
    done

    say "Log in as $DEMO_EMAIL with the password $DEMO_PASSWORD.  Try:"
    say "    curl '$url/api/articles?limit=3'"
    say "    curl $url/api/users/login -H 'Content-Type: application/json' \\"
    say "        -d '{\"user\":{\"email\":\"$DEMO_EMAIL\",\"password\":\"$DEMO_PASSWORD\"}}'"
    say "    curl $url/ready"
    say "Stop it with ./devtalk down; ./devtalk help tells the rest."
}
