#!/bin/sh
#
# PostgreSQL in a container: its cluster is made at the first start, with the
# superuser's password of POSTGRES_PASSWORD_FILE.
set -eu
cd "$(dirname "$0")/.."
. scripts/say.sh
. scripts/settings.sh

dir=/srv/postgres
mkdir -p "$dir/socket"

for bin in /usr/lib/postgresql/*/bin; do :; done

if [ ! -f "$dir/data/PG_VERSION" ]; then
    rm -rf "$dir/data.new"
    "$bin/initdb" -D "$dir/data.new" --username=postgres \
        --pwfile="${POSTGRES_PASSWORD_FILE:?}" --auth=scram-sha-256 \
        --data-checksums --encoding=UTF8 --locale=C.UTF-8 --no-instructions
    mv "$dir/data.new" "$dir/data"
fi

for name in postgresql pg_hba; do
    render "conf/postgres/$name.conf.in" "$dir/$name.conf" \
           DIR="$dir" PORT=5432 LISTEN='*' FROM=all \
           BUFFERS="$(postgres_buffers)" CACHE=$((3 * $(postgres_buffers)))
done

exec "$bin/postgres" -D "$dir/data" -c config_file="$dir/postgresql.conf"
