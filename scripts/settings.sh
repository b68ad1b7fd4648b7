# The settings: the environment's DEVTALK_*, else what the last "up" in this
# home has written down, else the defaults.

SETTINGS="PORT LISTEN NODES WORKERS POSTGRES REDIS REDIS_PASSWORD_FILE KAFKA
          LIMITS CORS TLS_CERTIFICATE TLS_KEY LOG_LEVEL BUILD SANITIZE COVERAGE"

settings_home() {
    DEVTALK_HOME=${DEVTALK_HOME:-$ROOT/.run}

    case $DEVTALK_HOME in
    /*) ;;
    *) DEVTALK_HOME=$PWD/$DEVTALK_HOME ;;
    esac

    # Neither nginx's configure nor its configuration takes such paths.
    case $ROOT$DEVTALK_HOME in
    *[!A-Za-z0-9_./+,:@=-]*)
        die "blanks or odd characters in the path $ROOT or $DEVTALK_HOME:" \
            "move the repository, or set DEVTALK_HOME"
        ;;
    esac

    export DEVTALK_HOME
}

# The names that the environment sets are kept in GIVEN, their values in
# GIVEN_*.
settings_given() {
    GIVEN=

    for name in $SETTINGS; do
        eval "value=\${DEVTALK_$name-}"

        if [ -n "$value" ]; then
            GIVEN="$GIVEN $name"
            eval "GIVEN_$name=\$value"
        fi
    done
}

# settings_read saved, or fresh: without what the last "up" has written.
settings_read() {
    settings_given
    saved=

    if [ "$1" = saved ] && [ -r "$DEVTALK_HOME/settings" ]; then
        saved=yes
        # shellcheck disable=SC1091
        . "$DEVTALK_HOME/settings"

        for name in $GIVEN; do
            eval "DEVTALK_$name=\$GIVEN_$name"
        done
    fi

    DEVTALK_PORT=${DEVTALK_PORT:-8080}
    DEVTALK_LISTEN=${DEVTALK_LISTEN:-127.0.0.1}
    DEVTALK_NODES=${DEVTALK_NODES:-1}
    DEVTALK_WORKERS=${DEVTALK_WORKERS:-auto}
    DEVTALK_POSTGRES=${DEVTALK_POSTGRES:-}
    DEVTALK_REDIS=${DEVTALK_REDIS:-}
    DEVTALK_REDIS_PASSWORD_FILE=${DEVTALK_REDIS_PASSWORD_FILE:-}
    DEVTALK_KAFKA=${DEVTALK_KAFKA:-}
    DEVTALK_LIMITS=${DEVTALK_LIMITS:-on}
    DEVTALK_CORS=${DEVTALK_CORS:-*}
    DEVTALK_TLS_CERTIFICATE=${DEVTALK_TLS_CERTIFICATE:-}
    DEVTALK_TLS_KEY=${DEVTALK_TLS_KEY:-}
    DEVTALK_LOG_LEVEL=${DEVTALK_LOG_LEVEL:-notice}
    DEVTALK_BUILD=${DEVTALK_BUILD:-$DEVTALK_HOME/build}
    DEVTALK_SANITIZE=${DEVTALK_SANITIZE:-off}
    DEVTALK_COVERAGE=${DEVTALK_COVERAGE:-off}

    [ -z "$saved" ] || settings_ours
    settings_check
    settings_derive
}

# Tests know our servers by DEVTALK_REDIS and DEVTALK_KAFKA: to point at our
# own is not to give others.
settings_ours() {
    [ "$DEVTALK_REDIS" != "127.0.0.1:$((DEVTALK_PORT + 101))" ] \
        || DEVTALK_REDIS=
    [ "$DEVTALK_KAFKA" != "127.0.0.1:$((DEVTALK_PORT + 102))" ] \
        || DEVTALK_KAFKA=
}

settings_check() {
    is_number "$DEVTALK_PORT" 1 65000 \
        || die "DEVTALK_PORT is '$DEVTALK_PORT': set a number, 1 to 65000"
    is_number "$DEVTALK_NODES" 1 9 \
        || die "DEVTALK_NODES is '$DEVTALK_NODES': set a number, 1 to 9"
    [ "$DEVTALK_WORKERS" = auto ] || is_number "$DEVTALK_WORKERS" 1 512 \
        || die "DEVTALK_WORKERS is '$DEVTALK_WORKERS': set 'auto' or a number"

    case $DEVTALK_LIMITS in
    on|off) ;;
    *) die "DEVTALK_LIMITS is '$DEVTALK_LIMITS': set 'on' or 'off'" ;;
    esac

    case $DEVTALK_SANITIZE in
    on|off) ;;
    *) die "DEVTALK_SANITIZE is '$DEVTALK_SANITIZE': set 'on' or 'off'" ;;
    esac

    case $DEVTALK_SANITIZE$DEVTALK_COVERAGE in
    onon|*off) ;;
    *) die "DEVTALK_COVERAGE is '$DEVTALK_COVERAGE': set 'on', together with" \
           "DEVTALK_SANITIZE, or 'off'" ;;
    esac

    case $DEVTALK_LOG_LEVEL in
    debug|info|notice|warn|error) ;;
    *) die "DEVTALK_LOG_LEVEL is '$DEVTALK_LOG_LEVEL': set debug, info," \
           "notice, warn or error" ;;
    esac

    case $DEVTALK_LISTEN in
    *[!0-9.]*|'')
        die "DEVTALK_LISTEN is '$DEVTALK_LISTEN': set an IPv4 address" ;;
    esac

    settings_check_address DEVTALK_REDIS "$DEVTALK_REDIS"
    settings_check_address DEVTALK_KAFKA "${DEVTALK_KAFKA%%,*}"

    settings_check_tls

    case $DEVTALK_CORS in
    *[\"\;{}]*|*'
'*)     die "DEVTALK_CORS is '$DEVTALK_CORS': set '*' or origins with" \
            "blanks between them" ;;
    esac
}

settings_check_tls() {
    case ${DEVTALK_TLS_CERTIFICATE:+yes}${DEVTALK_TLS_KEY:+yes} in
    '') return 0 ;;
    yes) die "TLS needs both: set DEVTALK_TLS_CERTIFICATE and DEVTALK_TLS_KEY" ;;
    esac

    for file in "$DEVTALK_TLS_CERTIFICATE" "$DEVTALK_TLS_KEY"; do
        case $file in
        *[!A-Za-z0-9_./+,:@=-]*|[!/]*)
            die "DEVTALK_TLS_*: '$file' must be a whole path without blanks" ;;
        esac

        [ -r "$file" ] || die "DEVTALK_TLS_*: there is no file $file to read"
    done
}

settings_check_address() {
    [ -n "$2" ] || return 0

    case $2 in
    *[!A-Za-z0-9.:-]*|:*|*:*:*) ;;
    *:*)
        ! is_number "${2##*:}" 1 65535 || return 0
        ;;
    esac

    die "$1 is '$2': set host:port"
}

# For a stack beside the other, with servers of its own, whatever the
# environment says.
settings_alone() {
    DEVTALK_LISTEN=127.0.0.1 DEVTALK_CORS='*'
    DEVTALK_TLS_CERTIFICATE='' DEVTALK_TLS_KEY=''
    DEVTALK_POSTGRES='' DEVTALK_REDIS='' DEVTALK_REDIS_PASSWORD_FILE=''
    DEVTALK_KAFKA=''

    for name in HOME $SETTINGS; do
        export "DEVTALK_$name"
    done

    settings_check
    settings_derive
}

# What follows from the settings: where each server is, and which build.
settings_derive() {
    MADE=$DEVTALK_BUILD
    NGINX_BINARY=nginx
    UNITS=$DEVTALK_BUILD/unit
    [ "$DEVTALK_SANITIZE" = off ] || sanitize_derive
    [ "$DEVTALK_COVERAGE" = off ] || coverage_derive

    POSTGRES_PORT=$((DEVTALK_PORT + 100))
    REDIS_PORT=$((DEVTALK_PORT + 101))
    KAFKA_PORT=$((DEVTALK_PORT + 102))
    CONTROLLER_PORT=$((DEVTALK_PORT + 103))

    REDIS_ADDRESS=${DEVTALK_REDIS:-127.0.0.1:$REDIS_PORT}
    KAFKA_ADDRESS=${DEVTALK_KAFKA:-127.0.0.1:$KAFKA_PORT}
    SECRETS=$DEVTALK_HOME/secrets

    NODES=
    node=1
    while [ $node -le "$DEVTALK_NODES" ]; do
        NODES="$NODES nginx-$node"
        node=$((node + 1))
    done

    STORES=
    [ -n "$DEVTALK_KAFKA" ] || STORES="$STORES kafka"
    [ -n "$DEVTALK_POSTGRES" ] || STORES="$STORES postgres"
    [ -n "$DEVTALK_REDIS" ] || STORES="$STORES redis"
}

# "up" with settings that differ from those of what runs.
settings_conflict() {
    for name in $GIVEN; do
        saved=$(sed -n "s/^DEVTALK_$name='\(.*\)'\$/\1/p" \
                    "$DEVTALK_HOME/settings" 2> /dev/null || :)
        eval "value=\$GIVEN_$name"

        [ "$saved" = "$(quoted "$value")" ] \
            || die "already up with DEVTALK_$name='$saved':" \
                   "run './devtalk down' first to change it"
    done
}

settings_save() {
    ( umask 077
      for name in $SETTINGS; do
          eval "value=\$DEVTALK_$name"
          printf "DEVTALK_%s='%s'\n" "$name" "$(quoted "$value")"
      done > "$DEVTALK_HOME/settings.new"
      mv "$DEVTALK_HOME/settings.new" "$DEVTALK_HOME/settings" )
}

# For the inside of '...'.
quoted() {
    printf '%s' "$1" | sed "s/'/'\\\\''/g"
}

is_number() {
    case $1 in
    ''|*[!0-9]*|0*|??????*) return 1 ;;
    esac

    [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

# numeric HOST: its address; a worker must not ask a name server.
numeric() {
    # The first of them knows nobody while there is no network but loopback.
    address=$( { echo "$1"; getent ahostsv4 "$1" || getent hosts "$1"; } \
                   | awk '$1 ~ /^[0-9]+[.][0-9.]+$/ { print $1; exit }')
    [ -n "$address" ] || die "no IPv4 address is known for the host '$1'"
    echo "$address"
}

# MB that PostgreSQL may have for itself: a quarter of what this machine or
# container has, but not more than is of use here.
postgres_buffers() {
    { awk '/^MemTotal:/ { print $2 * 1024 }' /proc/meminfo
      cat /sys/fs/cgroup/memory.max 2> /dev/null || true
    } | awk '/^[0-9]/ && (least == 0 || $1 < least) { least = $1 }
             END {
                 mb = int(least / 4 / 1048576)
                 print (mb < 128 ? 128 : (mb > 4096 ? 4096 : mb))
             }'
}

# render TEMPLATE FILE NAME=VALUE...: replaces @NAME@.
render() {
    render_from=$1 render_to=$2
    shift 2
    render_script=

    for pair in "$@"; do
        value=$(printf '%s' "${pair#*=}" | sed 's/[\\&|]/\\&/g')
        render_script="${render_script}s|@${pair%%=*}@|$value|g
"
    done

    sed "$render_script" "$render_from" > "$render_to.new"

    if grep -n '@[A-Z_]*@' "$render_to.new" >&2; then
        die "$render_from: a placeholder has no value (above)"
    fi

    mv "$render_to.new" "$render_to"
}
