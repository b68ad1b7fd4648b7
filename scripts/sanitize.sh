# The build with sanitizers, beside the other: nginx from its own source and
# the modules, with AddressSanitizer, its leak checker, and
# UndefinedBehaviorSanitizer.
#
# Reports go where standard error goes: into a node's error.log, or, from
# "nginx -t", into its start.log.  Leaks are looked for when a process ends.

# NGX_DEBUG_PALLOC: each piece of a pool is an allocation of its own, or small
# overflows would go unseen.  nodelete: nginx unloads its modules before it
# ends, and what they and their libraries hold would look like leaks.
SANITIZE_CC="-O1 -g -fPIC -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1 \
-fsanitize=address,undefined"
SANITIZE_LD="-fsanitize=address,undefined -Wl,-z,nodelete"

sanitize_derive() {
    MADE=$DEVTALK_BUILD/sanitize
    NGINX_BINARY=$MADE/sbin/nginx
    MODULES_CC=$SANITIZE_CC
    MODULES_LD=$SANITIZE_LD
    MODULES_GOALS="binary modules"

    # Two modules with one symbol share it silently: hence odr_violation.  What
    # ASan guesses of a loaded library's thread-locals may be nonsense, and the
    # leak checker died of it at about each fiftieth end of a worker.
    set -- strict_string_checks=1 detect_stack_use_after_return=1 \
           detect_leaks=1 intercept_tls_get_addr=0 detect_odr_violation=2 \
           "suppressions=$ROOT/t/asan.supp"
    ASAN_OPTIONS=$(IFS=:; echo "$*")${SANITIZE_ASAN:+:$SANITIZE_ASAN}
    LSAN_OPTIONS=print_suppressions=0:suppressions=$ROOT/t/lsan.supp
    UBSAN_OPTIONS=print_stacktrace=1:suppressions=$ROOT/t/ubsan.supp
    export ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS
}

# nginx-dev has no sources of nginx's own: they come as for the unit tests.
sanitize_source() {
    source=$(nginx_source) && cp -R "$source" "$1"
}

sanitize_keep() {
    mkdir -p "$MADE/sbin" \
        && cp "$1/objs/nginx" "$NGINX_BINARY.new" \
        && mv "$NGINX_BINARY.new" "$NGINX_BINARY"
}

# The reports of all nodes; fails if there are some.
sanitize_reports() {
    found=0

    for log in "$DEVTALK_HOME"/nginx-*/error.log \
               "$DEVTALK_HOME"/nginx-*/start.log
    do
        [ -e "$log" ] || continue
        ! grep -n -A 40 -E 'ERROR: [A-Z][A-Za-z]*Sanitizer|runtime error:' \
               "$log" > "$DEVTALK_HOME/log/report" || found=1
        sed "s|^|${log#"$DEVTALK_HOME/"}:|" "$DEVTALK_HOME/log/report" >&2
    done

    return $found
}
