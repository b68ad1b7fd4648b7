# Programs of the modules' pure parts, for t/unit/build.sh and
# t/fuzz/build.sh.  A program is <folder>/<name>.c; it says in comments of its
# own, each on one line (as many lines as you like), what it is made of:
#
#     /* sources: ngx_devtalk_core/dt_input.c ngx_devtalk_core/dt_utf8.c */
#     /* libs: -ljansson */
#     /* cflags: -DNAME=value */
#
# Sources are paths from the repository's root.  Only "sources" is required.
# Headers are found as in nginx's build: "dt_input.h".  Only pure parts can be
# linked: of nginx there are core's data structures, strings, hashes and
# shared-memory pools (NGINX below); t/unit/lib/tap.c stands in for log and
# cycle.
#
# All is compiled with AddressSanitizer and UndefinedBehaviorSanitizer, and
# NGX_DEBUG_PALLOC so that pools show overflows.  What did not change is not
# built again.
#
# DEVTALK_NGINX_SRC is a configured source tree of nginx (src/, objs/);
# without it, one is fetched into "out" by t/unit/lib/nginx_source.sh.
#
# Who reads this sets:
#
#     root      of the repository
#     folder    of the programs, from there
#     out       where all is built
#     CC        the compiler
#     FRAME     what all programs have besides, paths from the root
#     SANITIZE  flags of all that is ours; LINK: of the programs
#     NGINX_SANITIZE  of nginx's own code
#     MORE      more flags of the programs and their sources, or nothing

WARNINGS="-std=gnu11 -W -Wall -Wextra -Wpointer-arith -Wno-unused-parameter
          -Werror"
CFLAGS="-O1 -g -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1"

NGINX="core/ngx_palloc core/ngx_array core/ngx_list core/ngx_queue
       core/ngx_string core/ngx_buf core/ngx_hash core/ngx_rbtree
       core/ngx_slab core/ngx_shmtx core/ngx_rwlock core/ngx_crc32
       core/ngx_md5 core/ngx_sha1 core/ngx_murmurhash core/ngx_parse
       core/ngx_parse_time core/ngx_times os/unix/ngx_alloc
       os/unix/ngx_shmem os/unix/ngx_time"


# Sets "nginx", the source, and INCLUDES.
programs_nginx() {
    nginx=${DEVTALK_NGINX_SRC:-$out/nginx}

    if [ -z "${DEVTALK_NGINX_SRC:-}" ]; then
        sh "$root/t/unit/lib/nginx_source.sh" "$nginx"
    fi

    for file in objs/ngx_auto_config.h src/core/ngx_palloc.c; do
        [ -f "$nginx/$file" ] || {
            echo "build.sh: $nginx is no configured source of nginx:" \
                 "no $file" >&2
            exit 1
        }
    done

    INCLUDES="-I$root/$folder -I$root/t/unit"

    for dir in "$root"/ngx_devtalk_*; do
        INCLUDES="$INCLUDES -I$dir"
    done

    for dir in src/core src/event src/event/modules src/event/quic \
               src/os/unix src/http src/http/modules src/http/v2 \
               src/http/v3 objs
    do
        [ ! -d "$nginx/$dir" ] || INCLUDES="$INCLUDES -isystem $nginx/$dir"
    done

    if command -v pg_config > /dev/null; then
        INCLUDES="$INCLUDES -isystem $(pg_config --includedir)"
    fi
}

# stale FILE DEPENDENCY...: FILE is not there, or not newer than all of them.
stale() {
    [ -f "$1" ] || return 0
    target=$1
    shift
    [ -n "$(find "$@" -newer "$target" 2>&1 | head -n 1)" ]
}

# A word of a program's comments: setting input.c libs
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

    if [ -n "$deps" ] && ! stale "$object" "$root/$folder/build.sh" \
                                 "$root/t/lib/programs.sh" $deps; then
        return 0
    fi

    rm -f "$object"
    "$CC" "$@" $INCLUDES -MD -MF "$object.d" -c -o "$object" "$source"
}

# The flags are part of the name, so that two programs may differ in them.
object_name() {
    echo "$out/obj/$(echo "$1 $2" | tr -c 'A-Za-z0-9_\n' _).o"
}

# What all programs are linked with.
programs_library() {
    mkdir -p "$out/obj"
    objects=

    for name in $NGINX; do
        object=$out/obj/nginx_$(basename "$name").o
        compile "$object" "$nginx/src/$name.c" $CFLAGS -w $NGINX_SANITIZE
        objects="$objects $object"
    done

    for source in $FRAME; do
        object=$(object_name "$source" '')
        compile "$object" "$root/$source" $WARNINGS $CFLAGS $SANITIZE
        objects="$objects $object"
    done

    if stale "$out/libframe.a" $objects; then
        rm -f "$out/libframe.a"
        ar rcs "$out/libframe.a" $objects
    fi
}

# programs_build NAME: prints the program's path.
programs_build() {
    program=$root/$folder/$1.c
    sources=$(setting "$program" sources)
    libs=$(setting "$program" libs)
    cflags=$(setting "$program" cflags)
    objects=

    [ -n "$sources" ] || {
        echo "build.sh: $program names no sources" >&2
        return 1
    }

    for source in "$folder/$1.c" $sources; do
        object=$(object_name "$source" "$cflags")
        compile "$object" "$root/$source" $WARNINGS $CFLAGS $SANITIZE $MORE \
                $cflags
        objects="$objects $object"
    done

    if stale "$out/$1" "$program" $objects "$out/libframe.a"; then
        "$CC" $LINK $MORE -g -o "$out/$1" $objects "$out/libframe.a" $libs \
              -lpthread
    fi

    echo "$out/$1"
}

# programs NAME...: those, or all of the folder.
programs() {
    programs_nginx
    programs_library

    if [ $# -eq 0 ]; then
        for program in "$root/$folder"/*.c; do
            [ ! -f "$program" ] || set -- "$@" "$(basename "$program" .c)"
        done
    fi

    for name in "$@"; do
        programs_build "$name"
    done
}
