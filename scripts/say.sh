# What the driver says, and how it ends.

say() {
    printf '%s\n' "$*"
}

# One line: what is wrong and how to mend it.
die() {
    printf 'devtalk: %s\n' "$*" >&2
    exit 1
}

# die_with LOG TEXT: the log's last lines first.
die_with() {
    if [ -s "$1" ]; then
        tail -n 15 "$1" | sed 's/^/    /' >&2
    fi

    shift
    die "$@"
}

# step TEXT LOG COMMAND...: a long step, with dots while it runs; its output
# goes to LOG.  Its exit code is the command's.
step() {
    printf '%s ' "$1"
    step_log=$2
    shift 2
    mkdir -p "$(dirname "$step_log")"
    step_began=$(date +%s)

    # The sleep must not hold our output: a reader of it would wait for it.
    (
        trap 'exit 0' TERM
        while kill -s 0 $$ 2> /dev/null; do
            sleep 2 > /dev/null 2>&1
            printf .
        done
    ) &
    step_dots=$!

    step_code=0
    ( "$@" ) > "$step_log" 2>&1 9>&- < /dev/null || step_code=$?

    kill "$step_dots" 2> /dev/null || :
    wait "$step_dots" 2> /dev/null || :
    step_dots=

    if [ $step_code -eq 0 ]; then
        say " $(($(date +%s) - step_began)) s"
    else
        say " failed"
    fi

    return $step_code
}
