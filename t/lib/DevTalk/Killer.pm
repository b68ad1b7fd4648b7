package DevTalk::Killer;

# Kills workers at a point of an event's way (t/fault/lib/kill.c).
#
#     my $killer = DevTalk::Killer->into(1, 2);
#     my $killed = $killer->kill_at('deleted', 3);      # the third to get there

use Mojo::Base -base, -signatures;

use Time::HiRes qw(time);

use DevTalk::Node;
use DevTalk::Shim;
use DevTalk::Stack qw(wait_until);

# As kill.c has them; "before" is what the relay or the consumer is about to
# do.
our @RELAY = ('before produce', 'produced', 'produce sent', 'acknowledged unheard',
    'before report', 'reported', 'before delete', 'delete sent', 'deleted unheard');
our @CONSUMER = ('before effect', 'effect sent', 'effect committed unheard',
    'before store', 'stored', 'before commit', 'committed unheard');

my $n = 0;
my %NUMBER = map { $_ => ++$n } @RELAY, @CONSUMER;
my ($POINT, $COUNTDOWN, $FIRED, $PID, $PASSED) = (0 .. 4);

has shim  => undef;
has nodes => sub { [] };


sub into ($class, @numbers) {
    my $shim = DevTalk::Shim->build('kill', libs => [qw(-lpq -lrdkafka)],
        flags => ['-I/usr/include/postgresql']);
    my $self = $class->new(shim => $shim);
    push @{$self->nodes}, DevTalk::Node->run($_, shim => $shim) for @numbers;
    return $self;
}


# The pid of whoever came "countdown"-th to the point since now, once it is
# dead; undef if nobody came in time.

sub kill_at ($self, $point, $countdown, $seconds = 20) {
    my $shim  = $self->shim;
    my $fired = $shim->words($FIRED);

    $shim->set($COUNTDOWN, $countdown);
    $shim->set($POINT, $NUMBER{$point} // die "no point $point");
    my $killed = wait_until(sub { $shim->words($FIRED) > $fired }, $seconds);
    $shim->set($POINT, 0);

    return undef unless $killed;
    my $pid = $shim->words($PID);
    wait_until(sub { !kill 0 => $pid }, 5);
    return $pid;
}

# How often the point was passed, by all.

sub passed ($self, $point) { return $self->shim->words($PASSED + $NUMBER{$point}) }


sub restore ($self) { $_->restore for @{$self->nodes} }


1;
