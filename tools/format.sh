#!/bin/sh
#
# The form of all files: no tabs but where the format wants them, no blanks at
# the end of a line, a newline at the end of a file, 80 columns in C; and
# what shellcheck says of scripts.  Prints each place; fails if there is one.
set -eu
export LC_ALL=C.UTF-8

cd "$(dirname "$0")/.."
bad=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# files NAME...: those of the repository, whether git knows them yet or not.
files() {
    pattern=$1
    shift
    find . \( -name .git -o -name '.run' -o -name '.build' \
              -o -name node_modules \) -prune -o -type f \
         \( -name "$pattern" "$@" \) -print | sort
}

# complain TEXT: the lines of standard input, if there are any.
complain() {
    found=$(cat)
    [ -n "$found" ] || return 0
    printf '%s:\n%s\n' "$1" "$found"
    bad=1
}

text() {
    files '*.[ch]' -o -name '*.sh' -o -name '*.sql' -o -name '*.lua' \
          -o -name '*.pm' -o -name '*.t' -o -name '*.conf' -o -name '*.in' \
          -o -name '*.md' -o -name '*.ya?ml' -o -name '*.yml' -o -name '*.xml' \
          -o -name '*.properties' -o -name 'Dockerfile' -o -name config \
          -o -path ./devtalk -o -path ./.ci/run
}

scripts() {
    files '*.sh' -o -path ./devtalk
}

# Paths without blanks: format.sh itself would complain of them below.
files '*[[:space:]]*' > "$out"
complain "blanks in a file's name" < "$out"

# shellcheck disable=SC2046
{
    grep -nP '\t' $(text | grep -v /sqitch.conf) > "$out" || :
    complain "a tab" < "$out"

    grep -nP '[ \t\r]+$' $(text) > "$out" || :
    complain "blanks at the end" < "$out"

    # What a unit test is made of stands on one line, see t/unit/build.sh.
    grep -nP '^(?!/\* sources:).{81,}' $(files '*.[ch]') > "$out" || :
    complain "more than 80 columns" < "$out"

    for file in $(text); do
        [ -z "$(tail -c 1 "$file")" ] || echo "$file"
    done > "$out"
    complain "no newline at the end" < "$out"

    # The driver's parts see each other's names only when they run.
    if command -v shellcheck > /dev/null; then
        shellcheck -s sh -S warning -e SC1090,SC1091,SC2034,SC2153,SC2154 $(scripts) \
            > "$out" || :
        complain "shellcheck" < "$out"
    else
        echo "shellcheck is not there: scripts unchecked"
    fi
}

exit $bad
