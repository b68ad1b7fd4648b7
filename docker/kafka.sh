#!/bin/sh
#
# Kafka in a container: one node, known to others as KAFKA_HOST.
set -eu
cd "$(dirname "$0")/.."
. scripts/say.sh
. scripts/settings.sh

dir=/srv/kafka
render conf/kafka/server.properties.in "$dir/server.properties" \
       PORT=9092 CONTROLLER_PORT=9093 DIR="$dir/data" LISTEN=0.0.0.0 \
       HOST="${KAFKA_HOST:-kafka}"

set -- -cp '/devtalk/libs/*' \
       -Dlog4j2.configurationFile=/devtalk/conf/kafka/log4j2.properties

[ -f "$dir/data/meta.properties" ] \
    || java "$@" kafka.tools.StorageTool format -c "$dir/server.properties" \
            -t "$(openssl rand -base64 16 | tr '+/' 'AB' | tr -d '=')"

exec java -Xms128m -Xmx512m -XX:+ExitOnOutOfMemoryError "$@" kafka.Kafka \
    "$dir/server.properties"
