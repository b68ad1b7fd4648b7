package DevTalk::Figures;

# What a test has measured: "figure('reload: failed requests', 0, '<= 0')".
# A comment in the test's own output (prove -v), and a line that
# DevTalk::Formatter prints for the whole run, before prove's summary.

use Mojo::Base -strict, -signatures;

use Exporter qw(import);
use Fcntl qw(LOCK_EX);
use Test::More ();

use DevTalk::Stack qw(home);

our @EXPORT = qw(figure ms percentile);


# A number that is no whole one is written with three digits that count.

sub figure ($name, $value, $goal = undef) {
    my $line = "$name: " . _short($value)
        . (defined $goal ? " (goal: $goal)" : '');

    Test::More::note($line);
    open my $file, '>>:utf8', home() . '/figures.txt' or die "figures: $!";
    flock $file, LOCK_EX;
    print $file "$line\n";
    close $file or die "figures: $!";

    return $value;
}

sub _short ($value) {
    return $value unless $value =~ /^-?\d+\.\d+(?:e-?\d+)?$/;
    return sprintf '%.0f', $value if abs $value >= 100;
    return sprintf '%.3g', $value;
}


# Seconds as a figure is told.

sub ms ($seconds) { return _short($seconds * 1000) . ' ms' }


# "percentile(99, @seconds)"; 0 of nothing.

sub percentile ($percent, @values) {
    return 0 unless @values;
    @values = sort { $a <=> $b } @values;
    my $at = int($percent / 100 * @values);
    return $values[$at < @values ? $at : -1];
}


1;
