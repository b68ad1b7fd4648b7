# The keys that sign access tokens, in $SECRETS/jwt:
#
#     <kid>.pem      a key; kids sort by date
#     <kid>.until    seconds since 1970: it is refused from then on
#     signing        the kid of the one that signs; not there: the newest
#
# Every node knows a key before the first token is signed by it, and knows the
# one before for as long as its last token may live.

# conf/nginx.conf.in: devtalk_jwt lifetime=15m; and a minute for the reload.
KEYS_OVERLAP=960

# nginx lets go of the workers of before (worker_shutdown_timeout) by then.
KEYS_SETTLE=30

keys_make() {
    key=$SECRETS/jwt/$(date -u +%Y%m%d-%H%M%S)-$(openssl rand -hex 4)

    ( umask 077
      openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
          -out "$key.new" 2> /dev/null )
    mv "$key.new" "$key.pem"
    basename "$key"
}

# All kids, the oldest first.
keys_all() {
    for pem in "$SECRETS"/jwt/*.pem; do
        [ ! -e "$pem" ] || basename "$pem" .pem
    done
}

keys_signing() {
    if [ -s "$SECRETS/jwt/signing" ]; then
        cat "$SECRETS/jwt/signing"
    else
        keys_all | tail -n 1
    fi
}

# When it ends, if it does.
keys_until() {
    [ ! -s "$SECRETS/jwt/$1.until" ] || cat "$SECRETS/jwt/$1.until"
}

# The file keys.conf of a node.
keys_directives() {
    signing=$(keys_signing)

    for kid in $(keys_all); do
        until=$(keys_until "$kid")
        how=${until:+ until=$until}
        [ "$kid" != "$signing" ] || how=" signing"
        echo "devtalk_jwt_key $kid $SECRETS/jwt/$kid.pem$how;"
    done
}

# From now on KID signs, and the one that did retires.
keys_use() {
    [ -e "$SECRETS/jwt/$1.pem" ] || die "there is no key $1: see ./devtalk keys"

    before=$(keys_signing)
    [ "$before" != "$1" ] || return 0

    secret_write "jwt/$before.until" $(($(date +%s) + KEYS_OVERLAP))
    rm -f "$SECRETS/jwt/$1.until"
    secret_write jwt/signing "$1"
}

# Keys whose last token has ended.
keys_prune() {
    for kid in $(keys_all); do
        until=$(keys_until "$kid")

        if [ -n "$until" ] && [ "$until" -le "$(date +%s)" ]; then
            rm -f "$SECRETS/jwt/$kid.pem" "$SECRETS/jwt/$kid.until"
            say "$kid has ended"
        fi
    done
}

keys_list() {
    signing=$(keys_signing)

    for kid in $(keys_all); do
        until=$(keys_until "$kid")

        if [ "$kid" = "$signing" ]; then
            say "$kid  signs"
        elif [ -n "$until" ]; then
            say "$kid  is taken until $(date -u -d "@$until" '+%F %T') UTC"
        else
            say "$kid  is known"
        fi
    done
}

# All nodes of this home read their keys, and none is left that has not.
keys_reload() {
    old=

    for node in $NODES; do
        server_pid "$node" > /dev/null || continue
        old="$old $(nginx_workers "$node")"
        nginx_reload "$node"
    done

    # shellcheck disable=SC2086
    nginx_gone "$KEYS_SETTLE" $old \
        || die "some workers still have the keys of before: see the error" \
               "logs, and try again"
}

command_keys() {
    state_find

    case ${1-} in
    '') keys_list ;;
    add)
        kid=$(keys_add)
        say "$kid  is known here; on every node before './devtalk keys use" \
            "$kid'"
        ;;
    use)
        [ -n "${2-}" ] || die "which key? './devtalk keys' lists them"
        keys_use "$2"
        keys_reload
        keys_list
        ;;
    rotate)
        kid=$(keys_add)
        keys_use "$kid"
        keys_reload
        keys_list
        ;;
    *) die "keys takes add, use KID, rotate, or nothing" ;;
    esac
}

# Prints the kid of a new key that all nodes of this home know.
keys_add() {
    keys_prune >&2

    # The one that signs must not change by the new one's being newer.
    [ -s "$SECRETS/jwt/signing" ] || secret_write jwt/signing "$(keys_signing)"

    [ "$(keys_all | wc -l)" -lt 8 ] \
        || die "there are eight keys, as many as a node takes:" \
               "wait until one has ended"

    keys_make
    keys_reload >&2
}
