# The build that counts: as with sanitizers, and of the modules and of what
# the unit tests are made of each line that runs is counted.
#
# Counters are written when a process ends, by workers as www-data: hence a
# place that it can reach, and files that are there already.

# Threads count too: the passwords', Kafka's.
COVERAGE_CC="--coverage -fprofile-update=atomic"

COVERAGE_ALL=85       # per cent of the lines of all modules
COVERAGE_PURE=95      # of each file that t/unit/pure names

coverage_derive() {
    state_find
    MADE=$DEVTALK_BUILD/coverage
    [ "$STATE" = "$DEVTALK_HOME" ] || MADE=$STATE.coverage
    NGINX_BINARY=$MADE/sbin/nginx
    UNITS=$MADE/unit
    MODULES_COMPILER="cc $COVERAGE_CC"
    UNIT_CFLAGS=$COVERAGE_CC
    export UNIT_CFLAGS
}

# All counters at nothing.
coverage_clear() {
    find "$MADE" -name '*.gcda' -exec rm -f {} +
    find "$MADE" -name '*.gcno' | sed 's/gcno$/gcda/' > "$MADE/counters"

    while read -r counter; do
        : > "$counter"
        chmod 666 "$counter"
    done < "$MADE/counters"
}

# The table; fails below the limits if "whole" is given.
coverage_report() {
    report=$DEVTALK_HOME/log/coverage
    mkdir -p "$report"
    step "counting lines" "$report/log" coverage_count \
        || die_with "$report/log" "the lines could not be counted (above)"
    awk -F, -v all=$COVERAGE_ALL -v pure=$COVERAGE_PURE -v whole="${1-}" \
        -f "$ROOT/tools/coverage.awk" "$ROOT/t/unit/pure" "$report/lines.csv"
    say "each line: $report/index.html"
}

# What has never run has nothing in its file, which gcov does not take.
coverage_count() {
    find "$MADE" -name '*.gcda' -empty -delete
    gcovr -r "$ROOT" --filter "$ROOT/ngx_devtalk_" -j "$(nproc)" \
          --exclude-unreachable-branches \
          --csv "$report/lines.csv" --json "$report/lines.json" \
          --html-details "$report/index.html" \
          "$MADE/nginx/objs" "$UNITS/obj"
}
