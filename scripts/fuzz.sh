# "devtalk fuzz": the targets of t/fuzz, each for some time, on all cores.

fuzz_run() {
    seconds=30

    if [ "${1-}" = --seconds ]; then
        is_number "${2-}" 1 86400 \
            || die "fuzz --seconds '${2-}': give a number, 1 to 86400"
        seconds=$2
        shift 2
    fi

    for target in "$@"; do
        [ -e "$ROOT/t/fuzz/$target.c" ] \
            || die "there is no target '$target': see t/fuzz"
    done

    mkdir -p "$DEVTALK_HOME/log"
    packages_install build fuzz
    DEVTALK_NGINX_SRC=$(nginx_source) || die "no source of nginx (above)"
    export DEVTALK_NGINX_SRC
    exec sh "$ROOT/t/fuzz/run.sh" "$DEVTALK_BUILD/fuzz" "$seconds" "$@"
}
