#!/bin/sh
#
# analyze.sh TREE: what gcc's -fanalyzer, cppcheck and clang-tidy (its checks:
# .clang-tidy) find in all C of the repository.  TREE is the nginx that
# ./devtalk build has configured: <build>/nginx.
#
# A finding that is none stands with its reason in tools/analyze.supp; any
# other fails, and so does a line of that file that explains nothing.
set -eu
export LC_ALL=C.UTF-8

root=$(cd "$(dirname "$0")/.." && pwd)
tree=$(cd "$1" && pwd)
cd "$root"

ours=
for dir in ngx_devtalk_* t/unit t/fuzz "$tree/objs/devtalk"; do
    [ ! -d "$dir" ] || ours="$ours -I$dir"
done

# As the system's headers for those that can tell them from ours.
theirs=
system="-isystem $(pg_config --includedir)"
for dir in src/core src/event src/event/modules src/os/unix src/http \
           src/http/modules src/http/v2 objs
do
    theirs="$theirs -I$tree/$dir"
    system="$system -isystem $tree/$dir"
done


# As the code is written: what the optimizer inlines hides where it came from.
run_gcc() {
    gcc -std=gnu11 -O0 -W -Wall -Wextra -Wpointer-arith -Wno-unused-parameter \
        -fanalyzer -fdiagnostics-plain-output $ours $system \
        -c -o /dev/null "$1"
}

run_tidy() {
    clang-tidy --quiet "$1" -- -std=gnu11 $ours $system
}

# variableScope: nginx declares at the head of a function.  constParameter:
# and passes (p, last) alike.
run_cppcheck() {
    cppcheck -q --std=c11 --library=posix --max-configs=1 \
        --enable=warning,style,performance,portability \
        --suppress=missingIncludeSystem --suppress=variableScope \
        --suppress=constParameter --suppress=toomanyconfigs \
        --suppress="*:$tree/*" \
        --template='{file}:{line}:{column}: {severity}: {message} [{id}]' \
        $ours $theirs "$1"
}

# For xargs below: one tool, one file.  What a tool says goes into a file of
# its own, with a last line if it could not do its work.
if [ $# -eq 4 ]; then
    out=$4/$(echo "$3" | tr / _).$2
    "run_$2" "$3" > "$out" 2>&1 \
        || echo "$3:1:1: error: $2 could not go on [failed]" >> "$out"
    exit 0
fi

log=$tree/analysis
rm -rf "$log"
mkdir -p "$log"

# The longest first, so that no core is idle at the end.
set -- ngx_devtalk_*/*.c tools/*.c t/*/*.c t/*/lib/*.c
find "$@" -size +0 -exec du -b {} + 2> /dev/null | sort -rn | cut -f2 \
    | sed 's/.*/tidy &\ngcc &\ncppcheck &/' \
    | xargs -P "$(nproc)" -n 2 sh -c \
        'sh "$1" "$2" "$4" "$5" "$3"' - "$root/tools/analyze.sh" "$tree" \
        "$log" || exit

# What is at "/" now is not ours.
cat "$log"/* | sed -n -E "s|^$root/||; /^[^ ]+:[0-9]+:[0-9]+: /p" \
    | grep -v -e ': note: ' -e '^/' | sort -u > "$log/findings"

awk -f tools/analyze.awk tools/analyze.supp "$log/findings" || {
    echo "how a tool comes to say so: $log"
    exit 1
}
set -- "$log"/*.gcc
echo "$# files, nothing unexplained"
