#!/bin/sh
# Makes C of the passwords that everybody uses: passwords2c.sh OUT
#
# writes OUT/auth_common.c: those of 8 characters and more of the 20,000
# commonest, as Django's package has them (Royce Williams' list, lower case),
# in the order of their bytes.  Only written when it changes.
set -eu

out=$1
mkdir -p "$out"

list=$(dpkg -L python3-django | grep '/common-passwords\.txt\.gz$')
source=$(mktemp)
trap 'rm -f "$source"' EXIT

{
    printf '/* Made by tools/passwords2c.sh; do not edit. */\n\n'
    printf '#include "auth_common.h"\n\n\n'
    printf 'const char *const  auth_common_passwords[] = {\n'
    zcat "$list" | awk 'length >= 8' | LC_ALL=C sort -u \
        | sed 's/[\\"]/\\&/g; s/?/\\?/g; s/.*/    "&",/'
    printf '};\n\nconst ngx_uint_t  auth_common_passwords_n =\n'
    printf '    sizeof(auth_common_passwords) / sizeof(char *);\n'
} > "$source"

[ "$(grep -c '^    "' "$source")" -gt 5000 ] \
    || { echo "passwords2c.sh: $list is not the list it was" >&2; exit 1; }

cmp -s "$source" "$out/auth_common.c" || cp "$source" "$out/auth_common.c"
