#!/bin/sh
#
# A node in a container: waits for its servers, makes topics and tables, and
# becomes nginx.  Settings are those of the driver (DEVTALK_POSTGRES,
# DEVTALK_REDIS, DEVTALK_KAFKA, ...).
set -eu
umask 022
export LC_ALL=C.UTF-8
ROOT=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin

for part in say settings secrets process modules postgres redis kafka keys \
            nginx database
do
    . "$ROOT/scripts/$part.sh"
done

# The password's file is mounted; the address is for everybody to see.
if [ -n "${DEVTALK_POSTGRES_PASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$DEVTALK_POSTGRES_PASSWORD_FILE")
    DEVTALK_POSTGRES="$DEVTALK_POSTGRES password='$PGPASSWORD'"
    unset PGPASSWORD
fi

settings_home
settings_read fresh
[ -n "$DEVTALK_POSTGRES" ] && [ -n "$DEVTALK_REDIS" ] \
    && [ -n "$DEVTALK_KAFKA" ] \
    || die "set DEVTALK_POSTGRES, DEVTALK_REDIS and DEVTALK_KAFKA"

mkdir -p "$DEVTALK_HOME/log" "$DEVTALK_HOME/nginx-1"
state_make
secrets_make

tries=0
until psql -XAtq "$DEVTALK_POSTGRES" -c 'SELECT 1' > /dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || die "PostgreSQL does not answer"
    sleep 1
done

kafka_topics
database_up
nginx_render nginx-1
# Logs are for whoever runs the container.
ln -sf /dev/stderr "$DEVTALK_HOME/nginx-1/error.log"
ln -sf /dev/stdout "$DEVTALK_HOME/nginx-1/access.log"
exec nginx -p "$DEVTALK_HOME/nginx-1/" -c "$DEVTALK_HOME/nginx-1/nginx.conf" \
    -g 'daemon off;'
