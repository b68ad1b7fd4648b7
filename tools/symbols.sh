#!/bin/sh
#
# symbols.sh FOLDER: modules are loaded into one name space, where two equal
# names silently become one.  No name is there twice: not in two modules, not
# in a module and nginx or a library.  dt_* is core's alone, and all that core
# has; a service uses no other service's.
set -eu

defined() {
    nm -D --defined-only "$2" \
        | awk -v owner="$1" 'NF == 3 { sub(/@.*/, "", $3)
                                       print "defined", owner, $3 }'
}

theirs=$(ldd "$1"/ngx_devtalk_*_module.so "$(command -v nginx)" \
             | awk '/=> \// { print $3 }' | sort -u)

{
    for module in "$1"/ngx_devtalk_*_module.so; do
        name=${module##*/ngx_devtalk_}
        name=${name%_module.so}
        defined "$name" "$module"
        nm -D -u "$module" \
            | awk -v owner="$name" '{ sub(/@.*/, "", $2)
                                      print "used", owner, $2 }'
    done

    for file in $(command -v nginx) $theirs; do
        defined "${file##*/}" "$file" | sed 's/^defined/theirs/'
    done
} | awk '
    # Each module has these; nginx asks for them by the handle.
    $3 ~ /^ngx_(modules|module_names|module_order)$/ || $3 ~ /^_/ { next }

    $1 == "theirs" {
        if ($3 in owner) {
            complain(owner[$3] " and " $2 " both export " $3)
        }
        next
    }

    $1 == "used" {
        users[$3] = users[$3] " " $2
        next
    }

    {
        n++

        if (($2 == "core") != ($3 ~ /^dt_/) && $3 !~ /^ngx_devtalk_/) {
            complain($2 " exports " $3)
        }

        if ($3 in owner) {
            complain(owner[$3] " and " $2 " both export " $3)
        }

        owner[$3] = $2
    }

    function complain(what) {
        print what
        bad = 1
    }

    END {
        for (name in users) {
            if (name in owner && owner[name] != "core") {
                complain("a service uses " owner[name] ": " name users[name])
            }
        }

        print n + 0 " symbols of modules, " (bad ? "see above" : "none twice")
        exit bad || n == 0
    }'
