package DevTalk::Raw;

# A bare connection, for what no user agent would send.

use Mojo::Base -base, -signatures;

use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);

use DevTalk::Reply;
use DevTalk::Stack qw(node_url);

has node   => 1;
has socket => sub ($self) {
    my ($host, $port) = node_url($self->node) =~ m{^http://([^:/]+):(\d+)};
    IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 5)
        or die "connect: $@";
};


# Heads and bodies are bytes; lines of the head without CRLF.

sub send ($self, $head, $body = '') {
    my $bytes = join '', map {"$_\r\n"} @$head, '';
    return $self->send_bytes($bytes . $body);
}

sub send_bytes ($self, $bytes) {
    local $SIG{PIPE} = 'IGNORE';
    my $socket = $self->socket;
    while (length $bytes) {
        my $sent = syswrite $socket, $bytes;
        last unless defined $sent;      # refused half-way: there is a reply
        substr $bytes, 0, $sent, '';
    }
    return $self;
}


# The reply as DevTalk::Reply, read until its end; status 0 if there is none.

sub reply ($self, $method = 'GET', $path = '/', $seconds = 10) {
    my ($bytes, $end) = ('', time + $seconds);
    my $select = IO::Select->new($self->socket);

    while (time < $end) {
        my ($head, $length) = $bytes =~ /^(.*?\r\n\r\n)/s
            ? ($1, $1 =~ /^content-length:\s*(\d+)/mi ? $1 : undef) : ();
        last if defined $length && length($bytes) >= length($head) + $length;
        last if defined $head && $head =~ m{^HTTP/1\.\d (?:204|304)};
        next unless $select->can_read($end - time > 0 ? $end - time : 0);
        my $got = sysread $self->socket, my $chunk, 65536;
        last unless $got;
        $bytes .= $chunk;
    }

    my ($head, $body) = split /\r\n\r\n/, $bytes, 2;
    my ($status, @lines) = split /\r\n/, $head // '';
    my %headers = map { /^([^:]+):\s*(.*?)\s*$/ ? (lc $1, $2) : () } @lines;
    my ($code) = ($status // '') =~ m{^HTTP/1\.\d (\d+)};

    $body //= '';
    if (($headers{'transfer-encoding'} // '') eq 'chunked') {
        my $whole = '';
        while ($body =~ s/^([0-9a-f]+)[^\r\n]*\r\n//i) {
            my $size = hex $1 or last;
            $whole .= substr $body, 0, $size, '';
            $body =~ s/^\r\n//;
        }
        $body = $whole;
    }

    return DevTalk::Reply->new(method => $method, path => $path,
        status => $code // 0, headers => \%headers, body => $body,
        failure => $code ? undef : 'no reply');
}


# Goes away without a word: the kernel sends a reset.

sub abort ($self) {
    setsockopt $self->socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    close delete $self->{socket};
    return;
}


1;
