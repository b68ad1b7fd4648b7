# PostgreSQL: the cluster of this home, or the server of DEVTALK_POSTGRES.

postgres_bin() {
    for bin in /usr/lib/postgresql/*/bin; do
        [ ! -x "$bin/initdb" ] || newest=$bin
    done

    [ -n "${newest-}" ] && echo "$newest"
}

postgres_launch() {
    postgres_place
    [ -f "$POSTGRES_DIR/data/PG_VERSION" ] || postgres_init

    for name in postgresql pg_hba; do
        render "$ROOT/conf/postgres/$name.conf.in" "$POSTGRES_DIR/$name.conf" \
               DIR="$POSTGRES_DIR" PORT="$POSTGRES_PORT" \
               LISTEN=127.0.0.1 FROM=127.0.0.1/32 \
               BUFFERS="$(postgres_buffers)" \
               CACHE=$((3 * $(postgres_buffers)))
    done

    chmod 644 "$POSTGRES_DIR/postgresql.conf" "$POSTGRES_DIR/pg_hba.conf"

    # A cluster is of one major version, whatever has been installed since.
    version=$(cat "$POSTGRES_DIR/data/PG_VERSION")
    bin=/usr/lib/postgresql/$version/bin
    [ -x "$bin/postgres" ] \
        || die "the data in $POSTGRES_DIR is of PostgreSQL $version: run" \
               "apt-get install postgresql-$version, or './devtalk reset'"

    server_spawn postgres postgres "$bin/postgres" \
        -D "$POSTGRES_DIR/data" \
        -c config_file="$POSTGRES_DIR/postgresql.conf"
}

postgres_place() {
    POSTGRES_DIR=$STATE/postgres
    mkdir -p "$POSTGRES_DIR/socket"

    if [ "$(id -u)" -eq 0 ]; then
        chown postgres:postgres "$POSTGRES_DIR" "$POSTGRES_DIR/socket"
    fi
}

postgres_init() {
    password=$POSTGRES_DIR/initdb.password
    ( umask 077; cat "$SECRETS/postgres" > "$password" )
    [ "$(id -u)" -ne 0 ] || chown postgres: "$password"

    # What an interrupted initdb has left behind.
    rm -rf "$POSTGRES_DIR/data" "$POSTGRES_DIR/data.new"
    code=0
    as_user postgres "$(postgres_bin)/initdb" -D "$POSTGRES_DIR/data.new" \
        --username=postgres --pwfile="$password" --auth=scram-sha-256 \
        --data-checksums --encoding=UTF8 --locale=C.UTF-8 --no-instructions \
        >> "$DEVTALK_HOME/postgres/log" 2>&1 9>&- || code=$?
    rm -f "$password"

    [ $code -eq 0 ] \
        || die_with "$DEVTALK_HOME/postgres/log" "initdb failed (above)"
    mv "$POSTGRES_DIR/data.new" "$POSTGRES_DIR/data"
}

postgres_answers() {
    pg_isready -q -h 127.0.0.1 -p "$POSTGRES_PORT" -t 2
}

# Sets what others need to get there: PGHOST, PGPORT, PGUSER, PGPASSFILE (for
# psql and Sqitch) of the superuser, POSTGRES_ADMIN (the same as a conninfo),
# and for nginx POSTGRES_SERVER, the address alone.
postgres_derive() {
    [ -z "${POSTGRES_ADMIN-}" ] || return 0

    if [ -n "$DEVTALK_POSTGRES" ]; then
        postgres_derive_given
    else
        PGHOST=127.0.0.1 PGPORT=$POSTGRES_PORT PGUSER=postgres
        PGPASSFILE=$SECRETS/pgpass
        POSTGRES_SERVER="hostaddr=127.0.0.1 port=$POSTGRES_PORT"

        # The name of a socket has at most 107 bytes.
        if [ ${#STATE} -lt 70 ]; then
            POSTGRES_SERVER="host=$STATE/postgres/socket port=$POSTGRES_PORT"
        fi
    fi

    unset PGPASSWORD PGSERVICE PGHOSTADDR PGDATABASE
    POSTGRES_ADMIN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=devtalk"

    if [ -e "$PGPASSFILE" ]; then
        POSTGRES_ADMIN="$POSTGRES_ADMIN passfile=$PGPASSFILE"
        export PGPASSFILE
    fi

    export PGHOST PGPORT PGUSER
}

postgres_derive_given() {
    where=$(printf '%s\n' '\echo :HOST :PORT :USER' \
                | psql -XqAt "$DEVTALK_POSTGRES" 2>&1) \
        || die "DEVTALK_POSTGRES: $(echo "$where" | head -n 1);" \
               "set a conninfo or URL of a superuser"

    PGHOST=${where%% *} PGUSER=${where##* }
    PGPORT=${where#* } PGPORT=${PGPORT% *}
    PGPASSFILE=$SECRETS/pgpass.given
    mkdir -p "$SECRETS"
    ( umask 077
      postgres_password "$DEVTALK_POSTGRES" > "$PGPASSFILE" )
    [ -s "$PGPASSFILE" ] || PGPASSFILE=$HOME/.pgpass

    case $PGHOST in
    /*) POSTGRES_SERVER="host=$PGHOST port=$PGPORT" ;;
    *)  POSTGRES_SERVER="hostaddr=$(numeric "$PGHOST") port=$PGPORT" ;;
    esac
}

# The password in a conninfo or URL as a line of a password file, if any.
postgres_password() {
    printf '%s' "$1" | perl -0777 -ne '
        my $password;

        if (m{^postgres(?:ql)?://[^/?#@:]*:([^/?#@]*)@}) {
            $password = $1 =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger;
        } elsif (m{\bpassword\s*=\s*\x27((?:[^\\\x27]|\\.)*)\x27}s
                 || m{\bpassword\s*=\s*((?:[^\\\s]|\\.)+)}s) {
            $password = $1 =~ s/\\(.)/$1/gsr;
        }

        print "*:*:*:*:", $password =~ s/([\\:])/\\$1/gr, "\n"
            if defined $password;'
}

postgres_version() {
    postgres_derive
    psql -XAtq -d postgres -c 'SHOW server_version' 2> /dev/null \
        | cut -d' ' -f1
}
