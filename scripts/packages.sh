# What Debian's packages have to bring.

RUN_PACKAGES="nginx redis-tools kcat sqitch libdbd-pg-perl curl
    ca-certificates openssl"
BUILD_PACKAGES="nginx nginx-dev gcc libc6-dev make libpq-dev libhiredis-dev
    librdkafka-dev libjansson-dev libjwt-dev libsodium-dev libicu-dev
    libssl-dev python3-django"
TEST_PACKAGES="perl libmojolicious-perl libjson-validator-perl
    libyaml-libyaml-perl dpkg-dev binutils"
CHECK_PACKAGES="shellcheck cppcheck clang-tidy gcovr"
PROPERTY_PACKAGES="python3 python3-venv"
FUZZ_PACKAGES="clang-14 libclang-rt-14-dev llvm-14 dpkg-dev"
BENCH_PACKAGES="wrk gcc libc6-dev libsodium-dev python3 python3-psycopg2
    python3-jwt python3-cryptography python3-matplotlib
    python3-confluent-kafka"
LOCUST_PACKAGES="$BENCH_PACKAGES python3-locust"

# packages_wanted GROUP...: the names, for these settings.
packages_wanted() {
    for group in "$@"; do
        case $group in
        run) packages_run ;;
        build) echo "$BUILD_PACKAGES" ;;
        test) echo "$TEST_PACKAGES" ;;
        check) echo "$CHECK_PACKAGES" ;;
        property) echo "$PROPERTY_PACKAGES" ;;
        fuzz) echo "$FUZZ_PACKAGES" ;;
        bench) echo "$BENCH_PACKAGES" ;;
        locust) echo "$LOCUST_PACKAGES" ;;
        esac
    done
}

packages_run() {
    echo "$RUN_PACKAGES"
    command -v psql > /dev/null || echo postgresql-client
    [ -n "$DEVTALK_REDIS" ] || echo redis-server

    if [ -z "$DEVTALK_POSTGRES" ] && ! postgres_bin > /dev/null; then
        echo postgresql
    fi

    if [ -z "$DEVTALK_KAFKA" ]; then
        echo maven
        java_ok || echo default-jre-headless
    fi
}

# Those of them that are not installed.
packages_missing() {
    # shellcheck disable=SC2046
    set -- $(packages_wanted "$@")
    have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" \
               2> /dev/null | sed -n 's/ installed$//p')

    for package in "$@"; do
        printf '%s\n' "$have" | grep -qxF "$package" || printf ' %s' "$package"
    done
}

java_ok() {
    java -version 2>&1 | awk -F'[".]' '
        /version/ { found = $2 } END { exit found >= 17 ? 0 : 1 }'
}

# As root; others by sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

packages_install() {
    command -v apt-get > /dev/null \
        || die "this machine has no apt-get: Dev Talk runs on Debian 12"

    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0

    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo > /dev/null \
            || die "packages are missing:$missing;" \
                   "have root run: apt-get install$missing"
        sudo -v || die "sudo is needed once, to install:$missing"
    fi

    step "installing$(echo $missing | wc -w | sed 's/^/ /') packages" \
         "$DEVTALK_HOME/log/apt.log" packages_apt $missing \
        || die_with "$DEVTALK_HOME/log/apt.log" \
               "apt-get could not install:$missing; mend apt (above) and" \
               "run this again"
}

packages_apt() {
    lists=$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' \
                2> /dev/null | head -n 1)
    packages_guard "$@"
    code=0

    if [ -z "$lists" ] || ! packages_get "$@"; then
        as_root apt-get -o DPkg::Lock::Timeout=300 update || :
        packages_get "$@" || code=$?
    fi

    packages_unguard
    return $code
}

packages_get() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
                -o Dpkg::Options::=--force-confold \
                install -y --no-install-recommends "$@"
}

# The servers' packages start servers of their own, on the well-known ports,
# now and at each boot.  Not here: the machine is left as it was.
CLUSTER_RULE=/etc/postgresql-common/createcluster.d/devtalk.conf

packages_guard() {
    POLICY=/usr/sbin/policy-rc.d
    GUARDED=
    SERVICES=

    for package in "$@"; do
        case $package in
        nginx|redis-server) SERVICES="$SERVICES $package" ;;
        postgresql)
            SERVICES="$SERVICES postgresql"
            as_root mkdir -p "${CLUSTER_RULE%/*}"
            echo 'create_main_cluster = false' \
                | as_root tee "$CLUSTER_RULE" > /dev/null
            ;;
        esac
    done

    [ -n "$SERVICES" ] || return 0
    trap packages_unguard EXIT
    trap 'exit 1' HUP INT TERM

    if [ ! -e $POLICY ]; then
        GUARDED=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee $POLICY > /dev/null
        as_root chmod 755 $POLICY
    fi
}

packages_unguard() {
    trap - EXIT
    [ -z "$GUARDED" ] || as_root rm -f $POLICY
    GUARDED=
    as_root rm -f "$CLUSTER_RULE"

    for service in $SERVICES; do
        if command -v systemctl > /dev/null; then
            as_root systemctl disable --now "$service" > /dev/null 2>&1 || :
        elif [ -e "/etc/init.d/$service" ]; then
            as_root update-rc.d "$service" disable > /dev/null 2>&1 || :
        fi
    done

    SERVICES=
}
