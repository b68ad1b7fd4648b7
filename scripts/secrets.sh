# What nobody else may know, made at the first "up".

SERVICES_ALL="auth articles comments"

secrets_make() {
    mkdir -p "$SECRETS/jwt"
    chmod 700 "$SECRETS" "$SECRETS/jwt"

    for name in postgres $SERVICES_ALL; do
        [ -s "$SECRETS/$name" ] || secret_write "$name" \
            "$(openssl rand -base64 24 | tr '+/' '-_' | tr -d '\n=')"
    done

    secret_write pgpass "*:*:*:postgres:$(cat "$SECRETS/postgres")"

    # Key ids sort by date; the newest signs, the others are still taken.
    if ! ls "$SECRETS"/jwt/*.pem > /dev/null 2>&1; then
        key=$SECRETS/jwt/$(date -u +%Y%m%d)-$(openssl rand -hex 4)
        ( umask 077
          openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
              -out "$key.new" 2> /dev/null )
        mv "$key.new" "$key.pem"
    fi
}

secret_write() {
    ( umask 077
      printf '%s' "$2" > "$SECRETS/$1.new"
      mv "$SECRETS/$1.new" "$SECRETS/$1" )
}
