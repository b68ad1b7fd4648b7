#!/bin/sh
#
# t/unit/build.sh OUTDIR [NAME...]: builds the unit tests, prints the
# programs' paths, one a line.  With names ("input route") only those.  They
# speak TAP:
#
#     prove -e '' $(t/unit/build.sh .build/unit)
#
# How to add a test: write t/unit/<noun>.c.  Include "tap.h" (see there), and
# say what the program is made of: see t/lib/programs.sh.  Nothing is
# generated here (no *_sql.h).
#
# UNIT_CFLAGS are more flags for the tests and what they test (another OUTDIR,
# please).

set -eu

[ $# -ge 1 ] || { echo "usage: build.sh OUTDIR [NAME...]" >&2; exit 2; }

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=t/unit
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift

CC=${CC:-cc}
FRAME=t/unit/lib/tap.c
SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
LINK=$SANITIZE
MORE=${UNIT_CFLAGS:-}

# nginx's own code was not written for the second sanitizer.
NGINX_SANITIZE=-fsanitize=address

. "$root/t/lib/programs.sh"

programs "$@"
