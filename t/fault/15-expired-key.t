use lib 't/lib';
use DevTalk::Test;

use IO::Select;
use IO::Socket::INET;
use List::Util qw(max);
use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Gate;
use DevTalk::Node;

# A thousand clients ask both nodes for one key that has just expired: at most
# two queries, one a node, and everybody is served.

my $CLIENTS  = 1000;
my $ROUNDS   = $ENV{DEVTALK_ROUNDS} // ($ENV{DEVTALK_LONG} ? 20 : 2);
my $LIFETIME = 1;

my @nodes = map {
    DevTalk::Node->run($_, edit => sub ($conf) { $conf =~ s/lifetime=60s/lifetime=${LIFETIME}s/r })
} 1, 2;
my $anna    = signed_in('anna');
my $article = $anna->publish(body => 'Version 0');
my $path    = "/api/articles/$article->{slug}";
my $gate    = DevTalk::Gate->open_up;          # counts
my $version = 0;


# All at once: connections first, then the requests, then the answers.
# Returns {answer => how many}, and how long the slowest took.

my $stampede = sub {
    my @sockets = map {
        my ($host, $port) = node_url($_ % 2 + 1) =~ m{//([^:]+):(\d+)};
        IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or die "connect: $@";
    } 1 .. $CLIENTS;

    my $begun = time;
    syswrite $_, "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" for @sockets;

    my (%bytes, %answers);
    my $select = IO::Select->new(@sockets);
    while ($select->count && time < $begun + 20) {
        for my $socket ($select->can_read(1)) {
            next if sysread $socket, $bytes{$socket}, 65536, length($bytes{$socket} // '');
            $select->remove($socket);
        }
    }
    for my $socket (@sockets) {
        my $text = $bytes{$socket} // '';
        my ($status, $body) = ($text =~ m{^HTTP/1.1 (\d+)}, $text =~ /"body":"([^"]*)"/);
        $answers{join ' ', $status // 'none', $body // ''}++;
    }
    return (\%answers, time - $begun);
};

my $warm = sub {
    for my $node (1, 2) {
        wait_until(sub {
            my $entered = $gate->entered;
            anybody($node)->article($article) for 1 .. 4;
            $gate->entered == $entered;
        }, 5) or fail "node $node keeps it";
    }
};

# How a key that nodes have comes to its end.
my @ends = (
    ['its lifetime is over' => sub { sleep $LIFETIME * 1.3 }],
    ['nobody has it any more' => sub { sleep $LIFETIME * 2.3 }],
    ['it was edited' => sub { $anna->edit($article, body => 'Version ' . ++$version) }],
);

my ($most, $slowest) = (0, 0);

for my $round (1 .. $ROUNDS) {
    for my $end (@ends) {
        my ($name, $happens) = @$end;
        $gate->close_for(0);
        $warm->();
        $happens->();

        my $before = $gate->entered;
        my ($answers, $took) = $stampede->();
        my $queries = $gate->entered - $before;

        is_deeply $answers, {"200 Version $version" => $CLIENTS}, "$name: $CLIENTS clients are served";
        cmp_ok $queries, '<=', 2, "by $queries queries";
        cmp_ok $queries, '>=', 1, 'it had expired';
        $most    = max $most, $queries;
        $slowest = max $slowest, $took;
        $gate->release;
    }
}

figure("$CLIENTS clients on an expired key: queries", $most, '<= 2');
figure("$CLIENTS clients on an expired key: all are served after", ms($slowest));

$gate->remove;
$_->restore for @nodes;

finish();
