# nginx's modules, built against the headers of this machine's nginx, and the
# small tools of C.

NGINX_SOURCE=/usr/share/nginx/src
MODULES_CC="-O2 -g -fPIC -fstack-protector-strong"
MODULES_LD="-Wl,-z,relro -Wl,-z,now"
MODULES_GOALS=modules
MODULES_COMPILER=cc       # of the modules alone

modules_sum() {
    ( cd "$ROOT" || exit
      nginx -V 2>&1
      echo "$MODULES_COMPILER $MODULES_CC $MODULES_LD"
      cc --version | head -n 1
      find config tools ngx_devtalk_* -type f \
           \( -name '*.[ch]' -o -name '*.sql' -o -name '*.lua' \
              -o -name '*.sh' -o -name config -o -path 'tools/*' \) \
           -exec cksum {} + | LC_ALL=C sort -k3 ) | cksum
}

# Which files there are: another list needs another Makefile.
modules_list() {
    ( cd "$ROOT" || exit
      nginx -V 2>&1
      echo "$MODULES_COMPILER $MODULES_CC $MODULES_LD"
      cat config
      find ngx_devtalk_* -name '*.[ch]' | LC_ALL=C sort ) | cksum
}

modules_build() {
    mkdir -p "$MADE"
    sum=$(modules_sum)
    [ "$(cat "$MADE/stamp" 2> /dev/null)" != "$sum" ] || return 0

    step "building the modules" "$DEVTALK_HOME/log/build.log" modules_make \
        || die_with "$DEVTALK_HOME/log/build.log" \
               "the modules do not build (above, all of it in" \
               "$DEVTALK_HOME/log/build.log)"
    echo "$sum" > "$MADE/stamp"
}

# Behind "||" the shell does not stop at errors by itself: hence the "&&".
modules_make() {
    modules_prepare \
        && sh "$ROOT/tools/generate.sh" "$tree/objs/devtalk" \
        && modules_compile \
        && modules_keep \
        && cc -O2 -W -Wall -Wextra -Werror -o "$DEVTALK_BUILD/topics.new" \
              "$ROOT/tools/topics.c" -lrdkafka \
        && mv "$DEVTALK_BUILD/topics.new" "$DEVTALK_BUILD/topics"
}

modules_compile() {
    set -- make -C "$tree" -f objs/Makefile -j "$(nproc)"

    for goal in $MODULES_GOALS; do
        compiler=cc
        [ "$goal" = binary ] || compiler=$MODULES_COMPILER
        "$@" "$goal" "CC=$compiler" || return 1
    done
}

modules_prepare() {
    tree=$MADE/nginx
    list=$(modules_list)
    [ "$(cat "$MADE/list" 2> /dev/null)" != "$list" ] || return 0

    rm -rf "$tree" \
        && modules_source "$tree" \
        && ( cd "$tree" && modules_configure ) \
        && echo "$list" > "$MADE/list"
}

modules_source() {
    if [ "$DEVTALK_SANITIZE" = on ]; then
        sanitize_source "$1"
    else
        cp -R "$NGINX_SOURCE" "$1"
    fi
}

# Each replaced in one step: a running nginx has the old ones mapped.
modules_keep() {
    rm -rf "$MADE/modules.new"
    mkdir -p "$MADE/modules" "$MADE/modules.new" \
        && cp "$tree"/objs/ngx_devtalk_*.so "$MADE/modules.new/" \
        && mv "$MADE"/modules.new/*.so "$MADE/modules/" \
        && { [ "$DEVTALK_SANITIZE" = off ] || sanitize_keep "$tree"; }
}

# With the flags of Debian's binary, or its structures would differ.
# shellcheck disable=SC2120
modules_configure() {
    flags=$(nginx -V 2>&1 | sed -n 's/^configure arguments: //p')
    eval "set -- $flags"
    kept="--with-compat"

    for flag in "$@"; do
        case $flag in
        *=dynamic|--with-compat|--with-cc-opt=*|--with-ld-opt=*) ;;
        --with-mail*|--with-stream*) ;;
        --with-*) kept="$kept $flag" ;;
        esac
    done

    sh ./configure $kept --with-cc-opt="$MODULES_CC" \
        --with-ld-opt="$MODULES_LD" --error-log-path=stderr \
        --add-dynamic-module="$ROOT"
}
