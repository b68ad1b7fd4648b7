# "devtalk bench" and "devtalk locust": figures, on a stack of their own.

# Debian's, for which its packages of Python's libraries are made.
BENCH_PYTHON=/usr/bin/python3

bench_bench() {
    bench_run bench bench "$@"
}

bench_locust() {
    bench_run locust bench.users "$@"
}

# bench_run GROUP MODULE ARGUMENT...: the stack goes when it is done.
bench_run() {
    outer=$DEVTALK_HOME
    build=$DEVTALK_BUILD
    group=$1 module=$2
    shift 2

    mkdir -p "$outer/log"
    bench_settings
    packages_install run build "$group"
    bench_words "$@" || return 0
    check_clear

    trap bench_end EXIT
    trap 'exit 130' HUP INT TERM
    "$ROOT/devtalk" up --bare
    bench_export
    bench_python "$@"
}

# What the command line says, before anything is started for it; fails if
# there is nothing to do.
bench_words() {
    bench_python --parse "$@" || exit 1

    for word in "$@"; do
        case $word in
        -h|--help) return 1 ;;
        esac
    done
}

bench_settings() {
    DEVTALK_HOME=$outer/bench
    DEVTALK_BUILD=$build
    DEVTALK_PORT=${DEVTALK_BENCH_PORT:-17080}
    DEVTALK_NODES=1
    DEVTALK_LIMITS=on
    DEVTALK_SANITIZE=off DEVTALK_COVERAGE=off
    DEVTALK_WORKERS=auto
    DEVTALK_LOG_LEVEL=notice
    settings_alone
}

bench_export() {
    postgres_derive
    DEVTALK_ROOT=$ROOT
    DEVTALK_STATE=$STATE
    DEVTALK_MADE=$MADE
    DEVTALK_PG=$POSTGRES_ADMIN
    DEVTALK_PG_SERVER=$POSTGRES_SERVER
    DEVTALK_PGBENCH=$(postgres_bin)/pgbench
    DEVTALK_REDIS=$REDIS_ADDRESS
    DEVTALK_KAFKA=$KAFKA_ADDRESS
    export DEVTALK_ROOT DEVTALK_STATE DEVTALK_MADE DEVTALK_PG
    export DEVTALK_PG_SERVER DEVTALK_PGBENCH DEVTALK_REDIS DEVTALK_KAFKA
}

bench_python() {
    PYTHONPATH=$ROOT PYTHONDONTWRITEBYTECODE=1 \
        "$BENCH_PYTHON" -m "$module" "$@"
}

bench_end() {
    code=$?
    trap - EXIT HUP INT TERM

    if [ "${DEVTALK_KEEP:-0}" != 1 ]; then
        stack_down quiet || :
    fi

    exit $code
}
