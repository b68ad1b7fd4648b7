#!/bin/sh
#
# t/fuzz/build.sh OUTDIR [TARGET...]: builds the fuzz targets with clang's
# libFuzzer, prints the programs' paths, one a line.
#
# How to add a target: write t/fuzz/<noun>.c.  Include "fuzz.h" (see there),
# say what it is made of (see t/lib/programs.sh), put a few good and bad
# inputs into corpus/<noun>/, and words that chance would not find into
# <noun>.dict.

set -eu

[ $# -ge 1 ] || { echo "usage: build.sh OUTDIR [TARGET...]" >&2; exit 2; }

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=t/fuzz
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift

CC=${CC:-clang-14}
FRAME="t/unit/lib/tap.c t/fuzz/lib/fuzz.c"
SANITIZE="-fsanitize=fuzzer-no-link,address,undefined
          -fno-sanitize-recover=undefined"
LINK="-fsanitize=fuzzer,address,undefined"
NGINX_SANITIZE=-fsanitize=fuzzer-no-link,address
MORE=-I$out/headers

. "$root/t/lib/programs.sh"

# The services' files include them.  A hidden symbol would have to be there,
# and no target runs a statement.
sh "$root/tools/generate.sh" "$out/made"
mkdir -p "$out/headers"

for header in "$out"/made/*_sql.h; do
    plain=$out/headers/$(basename "$header")
    sed '/visibility/d' "$header" > "$plain.new"

    if cmp -s "$plain.new" "$plain"; then
        rm "$plain.new"
    else
        mv "$plain.new" "$plain"
    fi
done

programs "$@"
