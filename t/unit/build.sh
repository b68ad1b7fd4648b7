#!/bin/sh
#
# t/unit/build.sh OUTDIR [NAME...]: builds the unit tests, prints the
# programs' paths, one a line.  With names ("input route") only those.  They
# speak TAP:
#
#     prove -e '' $(t/unit/build.sh .build/unit)
#
# How to add a test: write t/unit/<noun>.c.  Include "tap.h" (see there), and
# say in comments of their own, each on one line (as many lines as you like),
# what the program is made of:
#
#     /* sources: ngx_devtalk_core/dt_input.c ngx_devtalk_core/dt_utf8.c */
#     /* libs: -ljansson */
#     /* cflags: -DNAME=value */
#
# Sources are paths from the repository's root.  Only "sources" is required;
# nothing is generated here (no *_sql.h).  Headers are found as in nginx's
# build: "dt_input.h".  Link only pure parts: of nginx there are core's data
# structures, strings, hashes and shared-memory pools (NGINX below); tap.c
# stands in for log and cycle.
#
# All is compiled with AddressSanitizer and UndefinedBehaviorSanitizer, and
# NGX_DEBUG_PALLOC so that pools show overflows.  What did not change is not
# built again.
#
# DEVTALK_NGINX_SRC is a configured source tree of nginx (src/, objs/);
# without it, one is fetched into OUTDIR/nginx by lib/nginx_source.sh.

set -eu

[ $# -ge 1 ] || { echo "usage: build.sh OUTDIR [NAME...]" >&2; exit 2; }

unit=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$unit/../.." && pwd)
mkdir -p "$1/obj"
out=$(cd "$1" && pwd)
shift

CC=${CC:-cc}
WARNINGS="-std=gnu11 -W -Wall -Wextra -Wpointer-arith -Wno-unused-parameter
          -Werror"
SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
CFLAGS="-O1 -g -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1"

# nginx's own code was not written for the second sanitizer.
NGINX_CFLAGS="$CFLAGS -w -fsanitize=address"
NGINX="core/ngx_palloc core/ngx_array core/ngx_list core/ngx_queue
       core/ngx_string core/ngx_buf core/ngx_hash core/ngx_rbtree
       core/ngx_slab core/ngx_shmtx core/ngx_rwlock core/ngx_crc32
       core/ngx_md5 core/ngx_sha1 core/ngx_murmurhash core/ngx_parse
       core/ngx_parse_time core/ngx_times os/unix/ngx_alloc
       os/unix/ngx_shmem os/unix/ngx_time"


nginx=${DEVTALK_NGINX_SRC:-$out/nginx}

if [ -z "${DEVTALK_NGINX_SRC:-}" ]; then
    sh "$unit/lib/nginx_source.sh" "$nginx"
fi

for file in objs/ngx_auto_config.h src/core/ngx_palloc.c; do
    [ -f "$nginx/$file" ] || {
        echo "build.sh: $nginx is no configured source of nginx:" \
             "no $file" >&2
        exit 1
    }
done

INCLUDES="-I$unit"

for dir in "$root"/ngx_devtalk_*; do
    INCLUDES="$INCLUDES -I$dir"
done

for dir in src/core src/event src/event/modules src/event/quic src/os/unix \
           src/http src/http/modules src/http/v2 src/http/v3 objs
do
    [ ! -d "$nginx/$dir" ] || INCLUDES="$INCLUDES -isystem $nginx/$dir"
done

if command -v pg_config > /dev/null; then
    INCLUDES="$INCLUDES -isystem $(pg_config --includedir)"
fi


# stale FILE DEPENDENCY...: FILE is not there, or not newer than all of them.
stale() {
    [ -f "$1" ] || return 0
    target=$1
    shift
    [ -n "$(find "$@" -newer "$target" 2>&1 | head -n 1)" ]
}

# A word of a test's comments: setting input.c libs
setting() {
    sed -n "s|^/\* $2: *\(.*\) \*/\$|\1|p" "$1"
}

# compile OBJECT SOURCE FLAGS...: unless nothing that it read has changed.
compile() {
    object=$1
    source=$2
    shift 2

    deps=
    [ ! -f "$object.d" ] || deps=$(sed 's/^[^:]*://; s/\\$//' "$object.d")

    if [ -n "$deps" ] && ! stale "$object" "$unit/build.sh" $deps; then
        return 0
    fi

    rm -f "$object"
    "$CC" "$@" $INCLUDES -MD -MF "$object.d" -c -o "$object" "$source"
}

# The flags are part of the name, so that two tests may differ in them.
object_name() {
    echo "$out/obj/$(echo "$1 $2" | tr -c 'A-Za-z0-9_\n' _).o"
}

library() {
    objects=

    for name in $NGINX; do
        object=$out/obj/nginx_$(basename "$name").o
        compile "$object" "$nginx/src/$name.c" $NGINX_CFLAGS
        objects="$objects $object"
    done

    object=$out/obj/tap.o
    compile "$object" "$unit/lib/tap.c" $WARNINGS $CFLAGS $SANITIZE
    objects="$objects $object"

    if stale "$out/libunit.a" $objects; then
        rm -f "$out/libunit.a"
        ar rcs "$out/libunit.a" $objects
    fi
}

program() {
    test=$unit/$1.c
    sources=$(setting "$test" sources)
    libs=$(setting "$test" libs)
    cflags=$(setting "$test" cflags)
    objects=

    [ -n "$sources" ] || {
        echo "build.sh: $test names no sources" >&2
        return 1
    }

    for source in "t/unit/$1.c" $sources; do
        object=$(object_name "$source" "$cflags")
        compile "$object" "$root/$source" $WARNINGS $CFLAGS $SANITIZE $cflags
        objects="$objects $object"
    done

    if stale "$out/$1" "$test" $objects "$out/libunit.a"; then
        "$CC" $SANITIZE -g -o "$out/$1" $objects "$out/libunit.a" $libs \
              -lpthread
    fi

    echo "$out/$1"
}


library

if [ $# -eq 0 ]; then
    for test in "$unit"/*.c; do
        [ ! -f "$test" ] || set -- "$@" "$(basename "$test" .c)"
    done
fi

for name in "$@"; do
    program "$name"
done
