# The nginx nodes of this home.  A node's folder holds its configuration (as
# rendered from conf/), logs and pid.

nginx_render() {
    dir=$DEVTALK_HOME/$1
    mkdir -p "$dir/tmp"
    user=
    [ "$(id -u)" -ne 0 ] || user="user www-data;"

    # shellcheck disable=SC3045
    files=$(ulimit -Hn)
    [ "$files" != unlimited ] && [ "$files" -le 65536 ] || files=65536

    connections=$((files / 2))
    [ $connections -le 8192 ] || connections=8192

    redis=$(numeric "${REDIS_ADDRESS%:*}"):${REDIS_ADDRESS##*:}
    [ -z "$DEVTALK_REDIS_PASSWORD_FILE" ] \
        || redis="$redis password_file=$DEVTALK_REDIS_PASSWORD_FILE"

    if [ "$DEVTALK_LIMITS" = off ]; then
        limits="limits-off.conf"
    else
        limits="limits.conf"
    fi

    tls=
    [ -z "$DEVTALK_TLS_KEY" ] || tls=" ssl http2"

    postgres_derive
    nginx_generated "$dir"

    for file in "$ROOT"/conf/*.conf; do
        cp "$file" "$dir/"
    done

    render "$ROOT/conf/nginx.conf.in" "$dir/nginx.conf" \
        DIR="$dir" USER="$user" WORKERS="$DEVTALK_WORKERS" FILES="$files" \
        CONNECTIONS="$connections" LOG_LEVEL="$DEVTALK_LOG_LEVEL" \
        MODULES="$MADE/modules" SECRETS="$SECRETS" \
        LISTEN="$DEVTALK_LISTEN:$(server_port "$1")" \
        POSTGRES="$POSTGRES_SERVER dbname=devtalk" \
        REDIS="$redis" KAFKA="$KAFKA_ADDRESS" LIMITS="$limits" TLS="$tls"
}

# What settings and secrets say, a directive a line: tokens' keys, origins,
# TLS.
nginx_generated() {
    keys_directives > "$1/keys.conf"

    : > "$1/certificate.conf"
    : > "$1/hsts.conf"

    if [ -n "$DEVTALK_TLS_KEY" ]; then
        cat > "$1/certificate.conf" << END
ssl_certificate      $DEVTALK_TLS_CERTIFICATE;
ssl_certificate_key  $DEVTALK_TLS_KEY;
include              tls.conf;
END
        echo "add_header Strict-Transport-Security max-age=63072000 always;" \
            > "$1/hsts.conf"
    fi

    set -f
    for origin in $DEVTALK_CORS; do
        if [ "$origin" = '*' ]; then
            echo 'default "*";'
        else
            echo "\"$origin\" \$http_origin;"
        fi
    done > "$1/origins.conf"
    set +f
}

nginx_sum() {
    cat "$MADE"/modules/*.so | cksum
}

nginx_launch() {
    nginx_render "$1"
    nginx_check "$1"
    nginx_sum > "$DEVTALK_HOME/$1/modules"

    "$NGINX_BINARY" -p "$DEVTALK_HOME/$1/" -c "$DEVTALK_HOME/$1/nginx.conf" \
        >> "$DEVTALK_HOME/$1/start.log" 2>&1 9>&- < /dev/null \
        || die_with "$DEVTALK_HOME/$1/start.log" "$1 does not start (above)"

    # The master writes its pid a moment after its parent has left.
    waited=0
    while [ ! -s "$DEVTALK_HOME/$1/pid" ] && [ $waited -lt 50 ]; do
        sleep 0.1
        waited=$((waited + 1))
    done
}

nginx_check() {
    "$NGINX_BINARY" -t -q -p "$DEVTALK_HOME/$1/" -c "$DEVTALK_HOME/$1/nginx.conf" \
        > "$DEVTALK_HOME/$1/start.log" 2>&1 9>&- \
        || die_with "$DEVTALK_HOME/$1/start.log" \
               "nginx refuses $DEVTALK_HOME/$1/nginx.conf (above)"
}

nginx_url() {
    host=$DEVTALK_LISTEN
    [ "$host" != 0.0.0.0 ] || host=127.0.0.1
    echo "http${DEVTALK_TLS_KEY:+s}://$host:$(server_port "$1")"
}

nginx_answers() {
    # The name in the certificate is the operator's matter.
    curl -skf -o /dev/null -m 2 "$(nginx_url "$1")/health"
}

nginx_reload() {
    nginx_render "$1"
    nginx_check "$1"
    kill -s HUP "$(server_pid "$1")"
}

# The processes of a node but its master.
nginx_workers() {
    master=$(server_pid "$1") || return 0
    cat "/proc/$master/task/$master/children" 2> /dev/null || :
}

# Waits until all of these processes have gone, at most SECONDS.
nginx_gone() {
    waited=0
    limit=$1
    shift

    for worker in "$@"; do
        while [ -d "/proc/$worker" ]; do
            [ $waited -lt $((limit * 10)) ] || return 1
            sleep 0.1
            waited=$((waited + 1))
        done
    done
}

# After a rebuild: nginx keeps a module's old code as long as it runs.
nginx_outdated() {
    [ "$(cat "$DEVTALK_HOME/$1/modules" 2> /dev/null)" != "$(nginx_sum)" ]
}

# Where nginx's own source is, fetched if it is not there.
nginx_source() {
    nginx_source_dir=${DEVTALK_NGINX_SRC:-$DEVTALK_BUILD/unit/nginx}
    sh "$ROOT/t/unit/lib/nginx_source.sh" "$nginx_source_dir" \
        && echo "$nginx_source_dir"
}

nginx_version() {
    "$NGINX_BINARY" -v 2>&1 | sed 's|.*/||'
}
