#!/bin/sh
# Makes C of a folder of Redis scripts.
#
#   lua2c.sh FOLDER OUT
#
# writes OUT/core_lua.h: for each FOLDER/<script>.lua the text, without its
# comments, as "static const char dt_lua_<script>[]".  The file is only
# written when it changes.
set -eu

folder=$1 out=$2
mkdir -p "$out"

header=$(mktemp)
trap 'rm -f "$header"' EXIT

{
    printf '/* Made by tools/lua2c.sh; do not edit. */\n\n#pragma once\n'
    for file in "$folder"/*.lua; do
        printf '\nstatic const char  dt_lua_%s[] =' "$(basename "$file" .lua)"
        awk '
            /^[ \t]*--/ || /^[ \t]*$/ { next }
            {
                sub(/^[ \t]+/, "")
                sub(/[ \t]+$/, "")
                gsub(/\\/, "\\\\")
                gsub(/"/, "\\\"")
                printf "\n    \"%s\\n\"", $0
            }
            END { print ";" }' "$file"
    done
} > "$header"

cmp -s "$header" "$out/core_lua.h" || cp "$header" "$out/core_lua.h"
