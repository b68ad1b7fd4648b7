#!/bin/sh
# Makes C of a folder of statements.
#
#   sql2c.sh NAME FOLDER OUT
#
# writes OUT/NAME_sql.h and OUT/NAME_sql.c: for each FOLDER/<statement>.sql a
# "const dt_sql_t sql_<statement>", and all of them, NULL at the end, in
# NAME_statements.  The symbols are hidden: two modules may have statements of
# one name.  Files are only written when they change.  What FOLDER/parts/ is
# for, see sqltext.sh.
set -eu

name=$1 folder=$2 out=$3 tools=$(dirname "$0")
mkdir -p "$out"

header=$(mktemp) source=$(mktemp)
trap 'rm -f "$header" "$source"' EXIT

{
    printf '/* Made by tools/sql2c.sh; do not edit. */\n\n'
    printf '#pragma once\n\n#include "dt_sql.h"\n\n'
    printf '#pragma GCC visibility push(hidden)\n'
    for file in "$folder"/*.sql; do
        printf 'extern const dt_sql_t  sql_%s;\n' "$(basename "$file" .sql)"
    done
    printf 'extern const dt_sql_t *const  %s_statements[];\n' "$name"
    printf '#pragma GCC visibility pop\n'
} > "$header"

{
    printf '/* Made by tools/sql2c.sh; do not edit. */\n\n'
    printf '#include <stddef.h>\n#include "%s_sql.h"\n' "$name"
    for file in "$folder"/*.sql; do
        text=$(sh "$tools/sqltext.sh" "$file")
        printf '%s\n' "$text" | awk -v name="$(basename "$file" .sql)" '
            /^[ \t]*--/ {
                if ($0 ~ /kind: *(point )?read/) { flags = flags " | DT_SQL_READ" }
                if ($0 ~ /kind: *point read/)    { flags = flags " | DT_SQL_POINT" }
                if ($0 ~ /lane: *slow/)          { flags = flags " | DT_SQL_SLOW" }
                next
            }
            /^[ \t]*$/ { next }
            {
                rest = $0
                while (match(rest, /\$[0-9]+/)) {
                    n = substr(rest, RSTART + 1, RLENGTH - 1) + 0
                    if (n > params) { params = n }
                    rest = substr(rest, RSTART + RLENGTH)
                }
                sub(/[ \t]+$/, "")
                gsub(/\\/, "\\\\")
                gsub(/"/, "\\\"")
                text = text "\n        \"" $0 "\\n\""
            }
            END {
                printf "\n\nconst dt_sql_t  sql_%s = {\n", name
                printf "    \"%s\",%s,\n    %d, 0%s\n};\n", name, text, \
                    params, flags
            }'
    done
    printf '\n\nconst dt_sql_t *const  %s_statements[] = {\n' "$name"
    for file in "$folder"/*.sql; do
        printf '    &sql_%s,\n' "$(basename "$file" .sql)"
    done
    printf '    NULL\n};\n'
} > "$source"

cmp -s "$header" "$out/${name}_sql.h" || cp "$header" "$out/${name}_sql.h"
cmp -s "$source" "$out/${name}_sql.c" || cp "$source" "$out/${name}_sql.c"
