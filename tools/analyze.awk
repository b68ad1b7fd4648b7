# Findings without a reason: analyze.awk REASONS FINDINGS.
#
# A reason is a line "[check] file words", beneath a comment that says why: it
# explains that check's findings in that file on lines that have these words.

FNR == 1 { input++ }

input == 1 && (/^#/ || /^$/) { next }

input == 1 {
    words = $0
    sub(/^[^ ]+ +[^ ]+ +/, "", words)
    n++
    check[n] = $1
    file[n] = $2
    text[n] = words
    next
}

{
    split($0, place, ":")
    source = line(place[1], place[2])

    for (i = 1; i <= n; i++) {
        if (index($0, check[i]) && place[1] == file[i] &&
            index(source, text[i])) {
            used[i] = 1
            next
        }
    }

    print
    bad = 1
}

END {
    for (i = 1; i <= n; i++) {
        if (!used[i]) {
            print "analyze.supp explains what is not there: " check[i] " " \
                file[i] " " text[i]
            bad = 1
        }
    }

    exit bad
}

# A file's line of a number.
function line(name, number,    k, got) {
    for (k = 0; k < number && (getline got < name) > 0; k++) { }
    close(name)
    return got
}
