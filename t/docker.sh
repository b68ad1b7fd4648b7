#!/bin/sh
#
# t/docker.sh: proves that docker/compose.yml makes a Dev Talk that works.
#
# Builds the images of the repository as it lies here, on a bookworm made
# with debootstrap from the mirror that this machine's apt uses; then runs
# them with docker-compose in a network of their own, so that no port of the
# machine is taken and none of its filters changed.  What the images get of
# this machine: the list of that mirror, Maven's settings, the certificates.
#
# Wants root, docker (docker.io), docker-compose and debootstrap, unshare and
# nsenter, curl and jq.  The dockerd is this script's own; all of its files
# go at the end.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/t/lib/docker.sh"
containers=

# The password is for the images' users to read.
umask 022

finish() {
    code=$?
    trap - EXIT HUP INT TERM

    if [ -n "$containers" ]; then
        [ $code -eq 0 ] || compose logs --tail 20 >&2 || :
        compose down -v > "$work/down.log" 2>&1 || :
    fi

    docker_end
    exit $code
}

compose() {
    docker-compose -p devtalk -f "$work/devtalk/docker/compose.yml" "$@"
}

# quiet TEXT COMMAND...: its output is for when it fails.
quiet() {
    text=$1
    began=$(date +%s)
    shift
    "$@" > "$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; fail "$text"; }
    ok "$text ($(($(date +%s) - began)) s)"
}

ok() {
    echo "ok $*"
}

# Without a bridge a build needs the machine's network.
build() {
    for service in postgres redis kafka gateway; do
        printf '  %s:\n    build: { network: host }\n' "$service"
    done | { echo 'services:'; cat; } > "$work/build.yml"

    compose -f "$work/build.yml" build
}

up() {
    containers=yes
    compose up -d --no-build
}

# api TOKEN PATH [JSON]: prints the answer; fails unless its status is 2xx.
api() {
    token=$1 url=http://127.0.0.1:8080$2 json=${3-}
    set -- -sS -m 10 --fail-with-body
    [ -z "$token" ] || set -- "$@" -H "Authorization: Token $token"
    [ -z "$json" ] \
        || set -- "$@" -H 'Content-Type: application/json' -d "$json"

    nsenter --net="/proc/$dockerd/ns/net" curl "$@" "$url"
}

ready() {
    tries=0
    until api '' /ready; do
        [ $tries -lt 120 ] || return 1
        tries=$((tries + 1))
        sleep 1
    done
}

# is WANTED FILTER: of the last answer.
is() {
    got=$(jq -r "$2" "$work/answer")
    [ "$got" = "$1" ] || fail "$2 is '$got', not '$1': $(cat "$work/answer")"
}

write() {
    api '' /api/users '{"user":{"username":"ann","email":"ann@example.com",
        "password":"a-long-password"}}' > "$work/answer"
    is ann .user.username
    ok "register"

    login
    api "$TOKEN" /api/articles '{"article":{"title":"In a box",
        "description":"d","body":"b","tagList":["box"]}}' > "$work/answer"
    is in-a-box .article.slug
    ok "publish an article"

    api "$TOKEN" /api/articles/in-a-box/comments \
        '{"comment":{"body":"first"}}' > "$work/answer"
    is first .comment.body
    ok "comment"
}

login() {
    api '' /api/users/login '{"user":{"email":"ann@example.com",
        "password":"a-long-password"}}' > "$work/answer"
    is ann .user.username
    TOKEN=$(jq -r .user.token "$work/answer")
    ok "log in"
}

read_back() {
    api '' '/api/articles?tag=box' > "$work/answer"
    is 1 .articlesCount
    api '' /api/articles/in-a-box/comments > "$work/answer"
    is first '.comments[0].body'
    api "$TOKEN" /api/user > "$work/answer"
    is ann .user.username
    ok "read them, with the token"
}

# The count of comments comes back by way of Kafka.
counted() {
    tries=0
    until api '' /api/articles/in-a-box > "$work/answer" \
          && [ "$(jq .article.commentsCount "$work/answer")" = 1 ]
    do
        [ $tries -lt 30 ] || return 1
        tries=$((tries + 1))
        sleep 1
    done
}

# Those that have a health check are healthy, and nginx has no error to tell.
healthy() {
    for service in gateway postgres redis; do
        tries=0
        until [ "$(docker inspect -f '{{.State.Health.Status}}' \
                       "$(compose ps -q $service)")" = healthy ]
        do
            [ $tries -lt 30 ] || fail "$service is not healthy"
            tries=$((tries + 1))
            sleep 1
        done
    done

    compose logs --no-color gateway > "$work/gateway.log" 2>&1
    ! grep -E '\[(error|crit|alert|emerg)\]' "$work/gateway.log" >&2 \
        || fail "nginx complains (above)"
    ok "gateway, postgres and redis are healthy; no error in nginx's log"
}

gone() {
    compose down -v || return 1
    containers=
    [ -z "$(docker ps -aq)$(docker volume ls -q)" ]
}


docker_begin docker dockerd docker-compose debootstrap unshare nsenter curl jq

docker_place
docker_repository "$work/devtalk"
openssl rand -hex 16 > "$work/devtalk/docker/postgres.password"

docker_start_here
quiet "base image" docker_base debian:bookworm
quiet "docker-compose build" build
docker_stop

docker_start_apart
quiet "docker-compose up" up
quiet "/ready" ready
write
read_back
quiet "the comment is counted, by way of Kafka" counted
healthy

quiet "docker-compose restart gateway" compose restart gateway
quiet "/ready" ready
login
read_back

quiet "docker-compose down" compose down
quiet "up again, on the old volumes" up
quiet "/ready" ready
login
read_back
healthy

quiet "docker-compose down -v leaves nothing" gone
