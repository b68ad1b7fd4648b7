#!/bin/sh
# Prints a statement with its parts:
#
#   sqltext.sh FILE
#
# A line "-- include: NAME" of it stands for the file parts/NAME.sql beside it.
# Parts include nothing themselves.
set -eu

awk -v folder="$(dirname "$1")/parts" '
    function fail(why) {
        print FILENAME ":" FNR ": " why > "/dev/stderr"
        exit 1
    }
    !/^-- include:/ { print; next }
    {
        part = folder "/" $3 ".sql"
        while ((got = (getline line < part)) > 0) {
            if (line ~ /^-- include:/) { fail(part " includes") }
            print line
        }
        if (got < 0) { fail("no " part) }
        close(part)
    }' "$1"
