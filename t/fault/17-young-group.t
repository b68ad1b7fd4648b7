use lib 't/lib';
use DevTalk::Test;

use Time::HiRes qw(sleep);

# A reload, or the end of a worker, while Kafka is still forming the group of
# consumers: no worker dies of it (the error log would say so), and events go
# on.

my $ROUNDS = $ENV{DEVTALK_ROUNDS} // ($ENV{DEVTALK_LONG} ? 30 : 2);
my $FORGET = 7;                 # seconds after which the group has no member

my $anna    = signed_in('anna');
my $article = $anna->publish;
my @nodes   = (1, 2);
my $dir     = sub ($node) { home() . "/nginx-$node" };

for my $round (1 .. $ROUNDS) {
    server('stop', "nginx-$_") for @nodes;

    # That is how long Kafka waits for a member; nothing tells of it.
    sleep $FORGET;

    # Not by the driver, which waits until all is well.
    my $binary = $ENV{DEVTALK_NGINX} // 'nginx';
    for my $node (@nodes) {
        system($binary, '-p', $dir->($node) . '/', '-c', $dir->($node) . '/nginx.conf') == 0
            or BAIL_OUT('nginx does not start');
        wait_until(sub { -s $dir->($node) . '/pid' }, 5);
    }

    sleep 0.2 + rand 1.6;
    kill HUP => map { nginx_master($_) } @nodes;
    eventually "round $round: both nodes are whole", 20, sub { !grep { !whole($_) } @nodes };
}

my $count = sub { anybody()->article($article)->{commentsCount} };
$anna->comment($article);
eventually 'an event has its effect', 20, sub { $count->() == 1 };

finish();
