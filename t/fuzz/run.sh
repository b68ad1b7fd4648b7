#!/bin/sh
#
# t/fuzz/run.sh OUTDIR [SECONDS [TARGET...]]: builds the fuzz targets and runs
# each for so long (30), as many at a time as there are cores: first over its
# kept inputs (corpus/<target>/), then over what libFuzzer makes of them.
# Prints a table.  Fails if a target has found something, and says how to see
# it again.
#
# What a target learns stays in OUTDIR/corpus/ for the next time; keep.sh
# takes the best of it over into corpus/.

set -eu

[ $# -ge 1 ] || { echo "usage: run.sh OUTDIR [SECONDS [TARGET...]]" >&2
                  exit 2; }

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/log" "$1/found"
out=$(cd "$1" && pwd)
seconds=${2:-30}
[ $# -lt 2 ] || shift
shift

ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
ASAN_OPTIONS=$ASAN_OPTIONS:intercept_tls_get_addr=0
UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
[ ! -x /usr/bin/llvm-symbolizer-14 ] \
    || export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-14


# fuzz TARGET: one run of it; its code is in log/TARGET.code.
fuzz() {
    mkdir -p "$out/corpus/$1"
    dict=
    [ ! -e "$here/$1.dict" ] || dict=-dict=$here/$1.dict
    code=0
    "$out/$1" -max_total_time="$seconds" -timeout=1 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$out/found/$1-" $dict \
        "$out/corpus/$1" "$here/corpus/$1" > "$out/log/$1" 2>&1 &
    echo $! > "$out/log/$1.pid"
    wait $! || code=$?
    rm -f "$out/log/$1.pid"
    echo $code > "$out/log/$1.code"
}

# A machine that stands still for a second looks like a slow input: what is
# fast when it runs again was that, and the target has another try.
fuzz_again() {
    slow=$(ls "$out/found/$1"-timeout-* 2> /dev/null | head -n 1)
    [ -n "$slow" ] && "$out/$1" -timeout=1 "$slow" > /dev/null 2>&1 \
        || return 0
    rm "$slow"
    fuzz "$1"
}

row() {
    sed -n 's|^#\([0-9]*\)[[:space:]]*DONE *cov: \([0-9]*\).*corp: \([0-9]*\)/\([^ ]*\).*exec/s: \([0-9]*\).*|\1 \5 \2 \3 \4|p' \
        "$out/log/$1" | {
        read -r runs speed edges inputs size || runs=failed
        printf '%-8s %12s %8s %8s %8s %8s\n' "$1" "$runs" "${speed-}" \
               "${edges-}" "${inputs-}" "${size-}"
    }
}

# What is wrong with a target, if something is.
report() {
    [ "$(cat "$out/log/$1.code")" -ne 0 ] || return 0
    bad=1
    echo
    echo "== $1 (all of it: $out/log/$1)"
    grep -E -A 16 'does not hold|ERROR:|runtime error:' "$out/log/$1" \
        | head -n 40 || tail -n 20 "$out/log/$1"

    for input in "$out/found/$1"-*; do
        [ ! -e "$input" ] || echo "again: $out/$1 $input"
    done

    echo "mended, the input belongs into t/fuzz/corpus/$1/"
}


programs=$(sh "$here/build.sh" "$out" "$@")
set --
for program in $programs; do
    target=$(basename "$program")
    rm -f "$out/found/$target"-*
    echo 1 > "$out/log/$target.code"
    set -- "$@" "$target"
done

stop() {
    kill $running 2> /dev/null || :
    cat "$out"/log/*.pid 2> /dev/null | xargs -r kill 2> /dev/null || :
    exit 130
}

running=
trap stop HUP INT TERM
at_once=$(nproc)
left=$*

while [ -n "$left" ]; do
    set -- $left
    running=
    n=0

    while [ $# -gt 0 ] && [ $n -lt "$at_once" ]; do
        { fuzz "$1"; fuzz_again "$1"; } &
        running="$running $!"
        n=$((n + 1))
        shift
    done

    left=$*
    wait
done

printf '%-8s %12s %8s %8s %8s %8s\n' target inputs per/s edges kept size
bad=0

for program in $programs; do
    row "$(basename "$program")"
done

for program in $programs; do
    report "$(basename "$program")"
done

exit $bad
