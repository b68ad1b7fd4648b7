#!/bin/sh
#
# symbols.sh FOLDER: modules are loaded into one name space, where two equal
# names silently become one.  No name is there twice; dt_* is core's alone,
# and all that core has.
set -eu

for module in "$1"/ngx_devtalk_*_module.so; do
    name=${module##*/ngx_devtalk_}
    nm -D --defined-only "$module" \
        | awk -v name="${name%_module.so}" 'NF == 3 { print name, $3 }'
done | awk '
    # Each module has these; nginx asks for them by the handle.
    $2 ~ /^ngx_(modules|module_names|module_order)$/ || $2 ~ /^_/ { next }

    ($1 == "core") != ($2 ~ /^dt_/) && $2 !~ /^ngx_devtalk_/ {
        print $1 " exports " $2
        bad = 1
    }

    $2 in owner {
        print owner[$2] " and " $1 " both export " $2
        bad = 1
    }

    { owner[$2] = $1 }

    END { exit bad }'
