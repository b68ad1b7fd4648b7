# "devtalk test": the tests, on a stack of their own beside the other.

# The faults that go through sanitizers: those that take paths of their own
# through the code.  The others measure (rates, descriptors, times), and say
# nothing of nodes that are some times slower and keep what they have freed;
# and 11-allocation stands in malloc()'s place, as AddressSanitizer does.
SANITIZED_FAULTS="01-postgres-away 02-redis-away 03-kafka-away
    05-worker-killed 06-client-gone 07-start-order 12-event-steps
    16-altered-tables"

check_run() {
    sanitize=off coverage=off whole='' proved=''

    while :; do
        case ${1-} in
        --sanitize) sanitize=on ;;
        --coverage) sanitize=on coverage=on ;;
        --long) DEVTALK_LONG=1 ;;
        *) break ;;
        esac
        shift
    done

    export DEVTALK_LONG="${DEVTALK_LONG-}"
    [ -z "$DEVTALK_LONG" ] || [ $# -gt 0 ] || set -- "$ROOT/t/fault"

    if [ $# -eq 0 ] && [ $sanitize = on ]; then
        whole=whole
        set -- "$ROOT/t/http" "$ROOT/t/conf" "$ROOT/t/events" "$ROOT/t/cache"
        [ $coverage = off ] || set -- "$ROOT/t/unit" "$@"

        for fault in $SANITIZED_FAULTS; do
            set -- "$@" "$ROOT/t/fault/$fault.t"
        done
    fi

    outer=$DEVTALK_HOME
    build=$DEVTALK_BUILD

    for path in "$@"; do
        [ -e "$path" ] || die "there is no test $path: name a file or folder"
    done

    mkdir -p "$outer/log"
    check_settings
    packages_install run build test
    [ $coverage = off ] || packages_install check
    check_clear
    check_programs "$@"
    property_needed $TESTS

    if [ $coverage = on ]; then
        modules_build
        coverage_clear
    fi

    # The stack's own command, so that its settings are only its own.
    trap check_end EXIT
    trap 'exit 130' HUP INT TERM
    "$ROOT/devtalk" up --bare
    check_export
    check_prove "$@"
}

check_settings() {
    DEVTALK_HOME=$outer/test
    DEVTALK_BUILD=$build
    DEVTALK_PORT=${DEVTALK_TEST_PORT:-18080}
    DEVTALK_NODES=2
    DEVTALK_LIMITS=off
    DEVTALK_SANITIZE=$sanitize
    DEVTALK_COVERAGE=$coverage
    DEVTALK_WORKERS=2
    settings_alone
}

# Tests begin with nothing, and with the logs of their own.
check_clear() {
    state_find
    stack_lock
    stack_reset quiet
    rm -f "$DEVTALK_HOME/figures.txt"
    flock -u 9
}

check_export() {
    postgres_derive
    DEVTALK_ROOT=$ROOT
    DEVTALK_URL=$(nginx_url nginx-1)
    DEVTALK_URL2=$(nginx_url nginx-2)
    DEVTALK_PG=$POSTGRES_ADMIN
    DEVTALK_REDIS=$REDIS_ADDRESS
    DEVTALK_KAFKA=$KAFKA_ADDRESS
    export DEVTALK_ROOT DEVTALK_URL DEVTALK_URL2 DEVTALK_PG
    export DEVTALK_REDIS DEVTALK_KAFKA

    if [ "$DEVTALK_SANITIZE" = on ]; then
        DEVTALK_NGINX=$NGINX_BINARY
        DEVTALK_SLOW=${DEVTALK_SLOW:-3}
        export DEVTALK_NGINX DEVTALK_SLOW
    fi
}

# Sets TESTS: what prove shall run, of what the arguments name.
check_programs() {
    units=
    TESTS=

    [ $# -gt 0 ] || set -- "$ROOT/t"

    for path in "$@"; do
        path=$(readlink -f "$path")
        path=${path#"$ROOT/"}

        if [ -d "$path" ]; then
            case $path in
            t|t/unit) units=all ;;
            esac

            TESTS="$TESTS $(cd "$ROOT" && find "$path" -name '*.t' \
                                | LC_ALL=C sort)"
        elif [ "${path##*.}" = c ]; then
            [ "$units" = all ] || units="$units $(basename "$path" .c)"
        else
            TESTS="$TESTS $path"
        fi
    done

    [ -n "$units" ] || return 0
    [ "$units" != all ] || units=
    step "building the unit tests" "$DEVTALK_HOME/log/unit.log" check_units \
        || die_with "$DEVTALK_HOME/log/unit.log" \
               "the unit tests do not build (above)"
    TESTS="$(grep '^/' "$DEVTALK_HOME/log/unit.list") $TESTS"
}

check_units() {
    source=$(nginx_source) || return 1
    DEVTALK_NGINX_SRC=$source sh "$ROOT/t/unit/build.sh" "$UNITS" $units \
        > "$DEVTALK_HOME/log/unit.list"
}

check_prove() {
    [ -n "$TESTS" ] || die "no tests there: name a file or folder of t/"

    proved=yes

    # Everything that can be said must be said before prove's last line; what
    # failed tests complained of as well, once more (DevTalk::Formatter).
    cd "$ROOT" || exit
    rm -f "$DEVTALK_HOME/complaints.fifo"
    mkfifo "$DEVTALK_HOME/complaints.fifo"
    tee "$DEVTALK_HOME/complaints.txt" \
        < "$DEVTALK_HOME/complaints.fifo" >&2 &

    PERL5LIB=$ROOT/t/lib${PERL5LIB:+:$PERL5LIB} \
        prove -I t/lib --formatter DevTalk::Formatter --timer $TESTS \
        2> "$DEVTALK_HOME/complaints.fifo"
}

check_end() {
    code=$?
    trap - EXIT HUP INT TERM

    # Who has to be counted has to end.
    if [ "${DEVTALK_KEEP:-0}" != 1 ] || [ "$DEVTALK_COVERAGE" = on ]; then
        stack_down quiet || :
    fi

    if [ "$DEVTALK_SANITIZE" = on ] && ! sanitize_reports; then
        say "devtalk: the sanitizers have found something (above)" >&2
        code=1
    fi

    if [ "$DEVTALK_COVERAGE$proved" = onyes ] && ! coverage_report $whole; then
        say "devtalk: more lines have to be tested (above)" >&2
        code=1
    fi

    exit $code
}
