# Redis: one of this home, or the server of DEVTALK_REDIS.

redis_launch() {
    mkdir -p "$STATE/redis"
    render "$ROOT/conf/redis/redis.conf.in" "$STATE/redis/redis.conf" \
           PORT="$REDIS_PORT" DIR="$STATE/redis" LISTEN=127.0.0.1 PROTECTED=yes
    [ "$(id -u)" -ne 0 ] || chown -R www-data: "$STATE/redis"
    server_spawn redis www-data redis-server "$STATE/redis/redis.conf"
}

redis_cli() {
    if [ -n "$DEVTALK_REDIS_PASSWORD_FILE" ]; then
        REDISCLI_AUTH=$(cat "$DEVTALK_REDIS_PASSWORD_FILE")
        export REDISCLI_AUTH
    fi

    redis-cli -h "${REDIS_ADDRESS%:*}" -p "${REDIS_ADDRESS##*:}" "$@"
}

redis_answers() {
    [ "$(redis_cli ping)" = PONG ]
}

redis_version() {
    redis_cli info server 2> /dev/null | tr -d '\r' \
        | sed -n 's/^redis_version://p'
}
