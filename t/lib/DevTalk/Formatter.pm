package DevTalk::Formatter;

# prove's own output, and before its summary the figures that the tests have
# measured (DevTalk::Figures) and, if one failed, what it complained of: who
# sees no more than the end of a log must find it there.

use strict;
use warnings;

use parent -t STDOUT ? 'TAP::Formatter::Console' : 'TAP::Formatter::File';


my $COMPLAINTS = 100;           # lines of them


sub summary {
    my ($self, $aggregate, @rest) = @_;

    $self->_lines('Figures of this run:', _file('figures.txt'));

    if ($aggregate->has_errors) {
        my @lines = _file('complaints.txt');
        splice @lines, 0, @lines - $COMPLAINTS if @lines > $COMPLAINTS;
        $self->_lines('What the tests complained of:', @lines);
    }

    return $self->SUPER::summary($aggregate, @rest);
}


sub _file {
    my ($name) = @_;

    open my $file, '<', "$ENV{DEVTALK_HOME}/$name" or return;
    return <$file>;
}


sub _lines {
    my ($self, $title, @lines) = @_;

    $self->_output(join '', "\n$title\n", map({ "  $_" } @lines), "\n") if @lines;
}


1;
