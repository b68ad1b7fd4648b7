# Kafka: one node (KRaft) of this home, or the brokers of DEVTALK_KAFKA.

TOPICS="devtalk.users devtalk.articles devtalk.comments"

# The jars, as conf/kafka/pom.xml names them.
kafka_jars() {
    jars=$DEVTALK_BUILD/kafka
    sum=$(cksum < "$ROOT/conf/kafka/pom.xml")
    [ "$(cat "$jars/stamp" 2> /dev/null)" != "$sum" ] || return 0

    step "fetching Kafka's jars" "$DEVTALK_HOME/log/maven.log" kafka_resolve \
        || die_with "$DEVTALK_HOME/log/maven.log" \
               "Maven could not fetch Kafka's jars (above): give it a" \
               "repository in ~/.m2/settings.xml, or set DEVTALK_KAFKA"
    echo "$sum" > "$jars/stamp"
}

kafka_resolve() {
    rm -rf "$jars/libs"
    mkdir -p "$jars"
    mvn -B -ntp -f "$ROOT/conf/kafka/pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$jars/libs" -DincludeScope=runtime
}

# KAFKA_LIBS: where the broker's user can read them.
kafka_libs() {
    KAFKA_LIBS=$DEVTALK_BUILD/kafka/libs

    if [ "$(id -u)" -eq 0 ] \
       && ! as_user www-data test -r "$KAFKA_LIBS" 2> /dev/null
    then
        mkdir -p "$STATE/kafka/libs"
        cp -pu "$KAFKA_LIBS"/*.jar "$STATE/kafka/libs/"
        KAFKA_LIBS=$STATE/kafka/libs
    fi
}

kafka_launch() {
    mkdir -p "$STATE/kafka"
    kafka_libs
    render "$ROOT/conf/kafka/server.properties.in" \
           "$STATE/kafka/server.properties" \
           PORT="$KAFKA_PORT" CONTROLLER_PORT="$CONTROLLER_PORT" \
           DIR="$STATE/kafka/data" LISTEN=127.0.0.1 HOST=127.0.0.1
    cp "$ROOT/conf/kafka/log4j2.properties" "$STATE/kafka/"
    [ "$(id -u)" -ne 0 ] || chown -R www-data: "$STATE/kafka"

    [ -f "$STATE/kafka/data/meta.properties" ] || kafka_format

    server_spawn kafka www-data \
        java -Xms128m -Xmx512m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError \
             -Djava.awt.headless=true -cp "$KAFKA_LIBS/*" \
             -Dlog4j2.configurationFile="$STATE/kafka/log4j2.properties" \
             kafka.Kafka "$STATE/kafka/server.properties"
}

kafka_format() {
    id=$(openssl rand -base64 16 | tr '+/' 'AB' | tr -d '=')
    as_user www-data java -Xmx128m -XX:TieredStopAtLevel=1 \
        -cp "$KAFKA_LIBS/*" \
        -Dlog4j2.configurationFile="$STATE/kafka/log4j2.properties" \
        kafka.tools.StorageTool format -t "$id" \
        -c "$STATE/kafka/server.properties" \
        >> "$DEVTALK_HOME/kafka/log" 2>&1 9>&- \
        || die_with "$DEVTALK_HOME/kafka/log" \
               "Kafka's storage could not be formatted (above)"
}

kafka_answers() {
    kcat -b "$KAFKA_ADDRESS" -L -m 2 -X log_level=0 > /dev/null
}

kafka_topics() {
    set --

    for topic in $TOPICS; do
        set -- "$@" "$topic:6" "$topic.dead:1"
    done

    "$DEVTALK_BUILD/topics" "$KAFKA_ADDRESS" "$@" \
        || die "the topics could not be made at $KAFKA_ADDRESS (above)"
}

kafka_version() {
    # A broker does not tell its version.
    [ -z "$DEVTALK_KAFKA" ] || return 0

    for jar in "$DEVTALK_BUILD"/kafka/libs/kafka-clients-*.jar; do
        jar=${jar##*/kafka-clients-}
        echo "${jar%.jar}"
    done
}
