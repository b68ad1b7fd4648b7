# The database of the services: roles, schemas, demo data.

DEMO_EMAIL=demo@example.com
DEMO_PASSWORD=demo-password

# A given server may have the roles of another home, with its passwords: they
# are not changed under its feet.
database_ours() {
    found=$(psql -XAtq -d postgres -c \
        "SELECT 1 FROM pg_roles WHERE rolname = 'devtalk_auth'")
    [ "$found" = 1 ] || return 0

    ( unset PGPASSFILE
      PGPASSWORD=$(cat "$SECRETS/auth")
      export PGPASSWORD
      psql -XAtq -U devtalk_auth -d devtalk -c 'SELECT 1' ) \
        > /dev/null 2>&1 \
        || die "DEVTALK_POSTGRES has the roles of another Dev Talk: copy its" \
               "secrets to $SECRETS, or drop the roles devtalk_*"
}

# Behind "||" the shell does not stop at errors by itself: hence the "&&".
database_deploy() {
    database_create \
        && database_bootstrap \
        && database_migrate \
        && psql -Xq -d devtalk -c "COMMENT ON DATABASE devtalk IS '$sum'"
}

database_create() {
    found=$(psql -XAtq -d postgres -c \
        "SELECT 1 FROM pg_database WHERE datname = 'devtalk'") || return 1

    [ "$found" = 1 ] \
        || psql -Xq -d postgres -c "CREATE DATABASE devtalk TEMPLATE template0
               ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
}

# The passwords by standard input: they are not for the list of processes.
database_bootstrap() {
    {
        for service in $SERVICES_ALL; do
            echo "\\set ${service}_password '$(cat "$SECRETS/$service")'"
        done
        cat "$ROOT/migrations/bootstrap.sql"
    } | psql -Xq1 -v ON_ERROR_STOP=1 -d devtalk -f -
}

database_migrate() {
    for service in $SERVICES_ALL; do
        ( cd "$ROOT/migrations/$service" \
          && SQITCH_USER_CONFIG=/dev/null TZ=UTC LC_ALL=C.UTF-8 \
                 sqitch deploy "db:pg:devtalk" ) || return 1
    done
}

# The plans are stamped, in the database: Sqitch takes a second for each.
database_sum() {
    for service in $SERVICES_ALL; do
        cat "$ROOT/migrations/$service/sqitch.plan" "$SECRETS/$service"
    done | cat - "$ROOT/migrations/bootstrap.sql" | cksum | tr ' ' -
}

database_up() {
    postgres_derive
    sum="devtalk $(database_sum)"
    stamp=$(psql -XAtq -d devtalk -c "SELECT shobj_description(oid,
                'pg_database') FROM pg_database WHERE datname = 'devtalk'" \
                2> /dev/null || :)
    [ "$stamp" != "$sum" ] || return 0
    [ -z "$DEVTALK_POSTGRES" ] || database_ours

    step "making the database's tables" "$DEVTALK_HOME/log/migrate.log" \
         database_deploy \
        || die_with "$DEVTALK_HOME/log/migrate.log" \
               "the migrations failed (above)"
}

# The demo user registers as everybody does.
demo_user() {
    url=$(nginx_url nginx-1)
    code=$(demo_post "$url/api/users" '{"user":{"username":"demo",
        "email":"'$DEMO_EMAIL'","password":"'$DEMO_PASSWORD'"}}')

    case $code in
    201|409) ;;
    *) die_with "$DEVTALK_HOME/log/demo.log" \
           "the demo user could not register: status $code (above)" ;;
    esac
}

# Prints the status; twice again while a dependency is not ready yet.
demo_post() {
    for try in 1 2 3; do
        code=$(curl -sk -m 10 -o "$DEVTALK_HOME/log/demo.log" \
                    -w '%{http_code}' -H 'Content-Type: application/json' \
                    -d "$2" "$1" || :)
        [ "$code" = 503 ] || [ "$code" = 000 ] || break
        sleep "$try"
    done

    echo "$code"
}

database_seed() {
    postgres_derive
    psql -Xq -v ON_ERROR_STOP=1 -v articles="$1" -d devtalk \
         -f "$ROOT/migrations/seed.sql"
}
