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

    [ -n "$(keys_all)" ] || keys_make > /dev/null
}

secret_write() {
    ( umask 077
      printf '%s' "$2" > "$SECRETS/$1.new"
      mv "$SECRETS/$1.new" "$SECRETS/$1" )
}
