package DevTalk::Proxy;

# A way to a server that can be slow, or lead nowhere.  A process of its own,
# on a port of its own.
#
#     my $proxy = DevTalk::Proxy->start(to => '127.0.0.1:6379', seed => 1);
#     $proxy->address;
#     $proxy->delay(20, 30);    # each fifth piece is up to 30 ms late
#     $proxy->swallow;          # nothing comes through, nor does it come back
#     $proxy->pass;             # what was held goes on, as TCP would send it
#                               # again

use Mojo::Base -base, -signatures;

use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);

has to      => sub { die 'to' };
has seed    => sub {time};
has address => undef;

use constant {PASS => 0, SWALLOW => 1};
use constant CLOG => 4;         # connections that fill the queue of a listener


sub start ($class, %option) {
    my $self = $class->new(%option);

    # A queue as short as can be, so that it can be clogged.
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0,
        Listen => 1, ReuseAddr => 1) or die "listen: $@";
    $self->address('127.0.0.1:' . $listener->sockport);
    $self->{file} = File::Temp->new;
    $self->_say(PASS, 0, 0);

    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        $SIG{TERM} = sub { POSIX::_exit(0) };
        $SIG{PIPE} = 'IGNORE';
        srand $self->seed;
        eval { $self->_run($listener) };
        print STDERR "# proxy: $@" if $@;
        POSIX::_exit(1);
    }

    @$self{qw(pid owner)} = ($pid, $$);
    return $self;
}


sub pass    ($self) { return $self->_say(PASS, 0, 0) }
sub swallow ($self) { return $self->_say(SWALLOW, 0, 0)->_settle }
sub delay ($self, $percent, $ms) { return $self->_say(PASS, $percent, $ms) }

sub _say ($self, @words) {
    sysseek $self->{file}, 0, 0;
    syswrite $self->{file}, pack 'N3', @words;
    return $self;
}

# It has taken notice when nobody gets in any more.

sub _settle ($self) {
    my $end = time + 5;
    while (time < $end) {
        my $probe = IO::Socket::INET->new(PeerAddr => $self->address, Timeout => 0.1)
            or return $self;
        close $probe;
        sleep 0.02;
    }
    die 'the proxy does not swallow';
}


sub stop ($self) {
    my $pid = delete $self->{pid} or return;
    kill TERM => $pid;
    waitpid $pid, 0;
}

sub DESTROY ($self) {
    return unless ($self->{owner} // 0) == $$;
    local $?;
    $self->stop;
}


# The process.  A pair of sockets has two ends; what came from one waits, with
# the time when it is due, for the other.

sub _run ($self, $listener) {
    my ($mode, $percent, $ms) = (PASS, 0, 0);
    my (%end, @clog);
    $listener->blocking(0);

    # A place in it of its own: that of the parent's would be shared.
    open my $file, '<', $self->{file}->filename or die "proxy: $!";

    while (1) {
        my $was = $mode;
        sysseek $file, 0, 0;
        sysread $file, my $words, 12;
        ($mode, $percent, $ms) = unpack 'N3', $words;

        if ($mode == SWALLOW) {
            @clog = $self->_clog if $was != SWALLOW;
            sleep 0.01;
            next;
        }

        if ($was == SWALLOW) {
            close $_ for @clog;
            @clog = ();
        }

        $self->_turn($listener, \%end, $percent, $ms);
    }
}


# Connections to ourselves that nobody accepts: whoever comes behind them is
# not even answered.

sub _clog ($self) {
    my ($host, $port) = split /:/, $self->address;
    return map {
        socket my $socket, Socket::AF_INET, Socket::SOCK_STREAM, 0 or die $!;
        $socket->blocking(0);
        connect $socket, Socket::pack_sockaddr_in($port, Socket::inet_aton($host));
        $socket;
    } 1 .. CLOG;
}


sub _turn ($self, $listener, $ends, $percent, $ms) {
    my ($now, $due, $full) = (time, undef, '');
    my $bits = '';
    vec($bits, fileno $listener, 1) = 1;

    for my $end (values %$ends) {
        my $other = $ends->{$end->{other}};
        my $held  = $end->{held};

        while (@$held && $held->[0][0] <= $now) {
            my $sent = syswrite $other->{socket}, $held->[0][1];
            if (!defined $sent) {
                last if $!{EAGAIN};
                $end->{gone} = 1;
                last;
            }
            substr $held->[0][1], 0, $sent, '';
            last if length $held->[0][1];
            shift @$held;
        }

        $due = $held->[0][0] if @$held && (!defined $due || $held->[0][0] < $due);
        vec($bits, $end->{number}, 1) = 1 unless $end->{eof} || @$held > 100;
        $end->{gone} = 1 if $end->{eof} && !@$held;
    }

    # A list of its own: both ends of a pair may be in it, and go together.
    my @gone = grep { $_->{gone} } values %$ends;
    for my $end (@gone) {
        for my $number ($end->{number}, $end->{other}) {
            my $gone = delete $ends->{$number} or next;
            close $gone->{socket};
            vec($bits, $number, 1) = 0;
        }
    }

    my $wait = 0.02;
    $wait = $due - $now if defined $due && $due - $now < $wait;
    return unless select(my $ready = $bits, undef, undef, $wait > 0.0005 ? $wait : 0.0005) > 0;

    $self->_accept($listener, $ends) if vec $ready, fileno $listener, 1;
    $now = time;
    for my $end (grep { vec $ready, $_->{number}, 1 } values %$ends) {
        my $got = sysread $end->{socket}, my $bytes, 65536;
        next if !defined $got && $!{EAGAIN};
        if (!$got) {
            $end->{eof} = 1;
            next;
        }

        # Behind what came before.
        my $at = $now + (rand(100) < $percent ? rand($ms) / 1000 : 0);
        $at = $end->{last} if $end->{last} > $at;
        $end->{last} = $at;
        push @{$end->{held}}, [$at, $bytes];
    }
}


sub _accept ($self, $listener, $ends) {
    while (my $near = $listener->accept) {
        my $far = IO::Socket::INET->new(PeerAddr => $self->to, Timeout => 1)
            or do { close $near; next };
        for ($near, $far) {
            $_->blocking(0);
            setsockopt $_, IPPROTO_TCP, TCP_NODELAY, 1;
        }
        my @number = map { fileno $_ } $near, $far;
        $ends->{$number[0]} = {socket => $near, number => $number[0], other => $number[1], held => [], last => 0};
        $ends->{$number[1]} = {socket => $far,  number => $number[1], other => $number[0], held => [], last => 0};
    }
}


1;
