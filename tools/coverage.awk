# A table of gcovr's CSV: coverage.awk PURE LINES.csv, where PURE has a file
# a line.  Fails if "whole" is set and all files together are below "all" per
# cent, or one of PURE below "pure".

FNR == 1 { input++ }

input == 1 {
    if ($0 !~ /^#/) { wanted[$1] = 1 }
    next
}

# "filename,line_total,line_covered,line_percent,..."
FNR > 1 {
    total += $2
    covered += $3
    low = ""

    if ($1 in wanted) {
        wanted[$1] = 0
        if ($3 * 100 < $2 * pure) { low = "  below " pure " %"; bad = 1 }
    }

    printf "%-44s %5d of %5d lines %6.1f %%%s%s\n", $1, $3, $2,
        $2 ? $3 * 100 / $2 : 100, ($1 in wanted) ? "  pure" : "", low
}

END {
    for (file in wanted) {
        if (wanted[file]) { print file " was not measured"; bad = 1 }
    }

    printf "%-44s %5d of %5d lines %6.1f %%\n", "all modules", covered,
        total, total ? covered * 100 / total : 0

    if (covered * 100 < total * all || total == 0) {
        print "below " all " %"
        bad = 1
    }

    exit whole && bad
}
