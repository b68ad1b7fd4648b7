package DevTalk::Formatter;

# prove's own output, and before its summary the figures that the tests have
# measured (DevTalk::Figures).

use strict;
use warnings;

use parent -t STDOUT ? 'TAP::Formatter::Console' : 'TAP::Formatter::File';


sub summary {
    my ($self, @rest) = @_;

    if (open my $file, '<', "$ENV{DEVTALK_HOME}/figures.txt") {
        $self->_output("\nFigures of this run:\n");
        $self->_output("  $_") while <$file>;
        $self->_output("\n");
    }

    return $self->SUPER::summary(@rest);
}


1;
