#!/bin/sh
# Makes the generated sources of all modules: generate.sh OUT
set -eu

root=$(dirname "$0")/.. out=$1

sh "$root/tools/sql2c.sh" core "$root/ngx_devtalk_core/sql" "$out"
for service in auth articles comments; do
    sh "$root/tools/sql2c.sh" $service "$root/ngx_devtalk_$service/sql" "$out"
done

sh "$root/tools/passwords2c.sh" "$out"
sh "$root/tools/lua2c.sh" "$root/ngx_devtalk_core/redis" "$out"
