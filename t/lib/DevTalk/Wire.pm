package DevTalk::Wire;

# Many kept connections to several addresses in one process: requests go out
# when they are asked for, whatever still waits for its answer, and cost
# little.  For load; what must be looked at closely is DevTalk::Client's.
#
# Why a request has no answer:
#
#     refused  nobody accepts connections
#     closed   a connection that had served before was closed under it, and
#              not a byte came back: the server may have let go of an idle
#              connection, as HTTP allows, at that very moment
#     cut      it went with its connection otherwise
#     late     nothing came in "patience" seconds

use Mojo::Base -base, -signatures;

use Errno qw(EAGAIN EINTR);
use Socket qw(AF_INET IPPROTO_TCP SOCK_STREAM SOL_SOCKET SO_SNDTIMEO
    TCP_NODELAY inet_aton pack_sockaddr_in);
use Time::HiRes qw(time);

has urls     => sub { die 'urls' };       # http://address:port, ...
has patience => 10;                       # seconds
has limit    => 600;                      # connections

has _open  => sub { {} };                 # by file number
has _idle  => sub { {} };                 # lists, by place in "urls"
has _swept => 0;


# Sends to urls->[where]; "done" gets {status, why, at, took, head, body}.
# False if there are as many connections as there may be, all busy.

sub ask ($self, $where, $bytes, $done) {
    my $connection = $self->_free($where) or return 0;
    my $at = time;

    if (!$connection->{socket}) {
        $done->({status => 0, why => 'refused', at => $at, took => 0});
        return 1;
    }

    @$connection{qw(busy at done got)} = (1, $at, $done, '');

    local $SIG{PIPE} = 'IGNORE';
    while (length $bytes) {
        my $sent = syswrite $connection->{socket}, $bytes;
        next if !defined $sent && $! == EINTR;

        # Whatever is wrong, reading will tell.
        last unless $sent;
        substr $bytes, 0, $sent, '';
    }

    return 1;
}


# Busy ones.

sub waiting ($self) { return scalar grep { $_->{busy} } values %{$self->_open} }


# Waits up to "seconds" for something to read, and takes it.

sub turn ($self, $seconds) {
    my $open = $self->_open;
    my $bits = '';
    vec($bits, $_, 1) = 1 for keys %$open;

    if (select(my $ready = $bits, undef, undef, $seconds > 0 ? $seconds : 0) > 0) {
        for my $number (grep { vec $ready, $_, 1 } keys %$open) {
            $self->_read($open->{$number}) if $open->{$number};
        }
    }

    my $now = time;
    return if $now - $self->_swept < 0.1;

    $self->_swept($now);
    for my $connection (values %$open) {
        $self->_end($connection, 'late')
            if $connection->{busy} && $now - $connection->{at} > $self->patience;
    }
}


# Lets go of all that is idle.

sub close_idle ($self) {
    $self->_drop($_) for map {@$_} values %{$self->_idle};
}


sub _free ($self, $where) {
    my $idle = pop @{$self->_idle->{$where} //= []};
    return $idle if $idle;
    return undef if keys %{$self->_open} >= $self->limit;

    my ($host, $port) = $self->urls->[$where] =~ m{^http://([^:/]+):(\d+)}
        or die 'urls';
    socket my $socket, AF_INET, SOCK_STREAM, 0 or die "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_SNDTIMEO, pack('l!l!', 5, 0);
    connect $socket, pack_sockaddr_in($port, inet_aton($host))
        or return {where => $where};
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    $socket->blocking(0);

    return $self->_open->{fileno $socket}
        = {socket => $socket, number => fileno $socket, where => $where, served => 0};
}


sub _read ($self, $connection) {
    my $got = sysread $connection->{socket}, $connection->{got}, 65536,
        length($connection->{got} // '');
    return if !defined $got && ($! == EAGAIN || $! == EINTR);

    if (!$connection->{busy}) {
        $self->_drop($connection);      # EOF, or what nobody asked for
    }
    elsif (!$got) {
        $self->_end($connection,
            $connection->{served} && !length $connection->{got} ? 'closed' : 'cut');
    }
    else {
        $self->_answered($connection);
    }
}


sub _answered ($self, $connection) {
    my $end = index $connection->{got}, "\r\n\r\n";
    return if $end < 0;

    my $head = substr $connection->{got}, 0, $end;
    my $left = length($connection->{got}) - $end - 4;
    my ($status) = $head =~ m{^HTTP/1\.1 (\d\d\d)};

    if ($status == 204 || $status == 304) {
        # no body
    }
    elsif ($head =~ /\ncontent-length: *(\d+)/i) {
        return if $left < $1;
    }
    elsif ($head =~ /\ntransfer-encoding: *chunked/i) {
        return if substr($connection->{got}, -5) ne "0\r\n\r\n";
    }

    $connection->{served}++;
    @$connection{qw(status head)} = ($status, $head);
    $connection->{body} = substr $connection->{got}, $end + 4;
    $self->_end($connection);
}


sub _end ($self, $connection, $why = undef) {
    my $done  = delete $connection->{done};
    my %reply = (status => 0, why => $why, at => $connection->{at},
        took => time - $connection->{at});

    if (!$why) {
        @reply{qw(status head body)} = delete @$connection{qw(status head body)};
    }

    if ($why || $reply{head} =~ /\nconnection: *close/i) {
        $self->_drop($connection);
    }
    else {
        @$connection{qw(busy got)} = (0, '');
        push @{$self->_idle->{$connection->{where}}}, $connection;
    }

    $done->(\%reply);
}

sub _drop ($self, $connection) {
    my $idle = $self->_idle->{$connection->{where}};
    @$idle = grep { $_ != $connection } @$idle if $idle;
    delete $self->_open->{$connection->{number}};
    close delete $connection->{socket};
}


1;
