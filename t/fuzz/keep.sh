#!/bin/sh
#
# t/fuzz/keep.sh OUTDIR [TARGET...]: of what the targets have learnt in OUTDIR,
# takes over into corpus/ the fewest inputs that reach what those there do
# not.

set -eu

[ $# -ge 1 ] || { echo "usage: keep.sh OUTDIR [TARGET...]" >&2; exit 2; }

here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for program in $(sh "$here/build.sh" "$out" "$@"); do
    target=$(basename "$program")
    mkdir "$work/$target"
    "$program" -set_cover_merge=1 -use_counters=0 -max_len=512 "$work/$target" \
        "$here/corpus/$target" "$out/corpus/$target" > /dev/null 2>&1

    # Those that were there keep their names.
    new=0

    for input in "$work/$target"/*; do
        find "$here/corpus/$target" -type f -exec cmp -s {} "$input" \; \
             -print | grep -q . && continue
        name=$(basename "$input" | cut -c 1-8)
        cp "$input" "$here/corpus/$target/$name"
        new=$((new + 1))
    done

    echo "$target: $new new inputs, $(find "$here/corpus/$target" -type f \
                                          | wc -l) in all"
done
