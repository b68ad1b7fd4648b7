use lib 't/lib';
use DevTalk::Test;

use Mojo::File qw(path);

use DevTalk::Outage;
use DevTalk::Standby;

# PostgreSQL moves to another address, and back: the nodes know both, and find
# the one that takes writes.  The first time the old server freezes, so that
# its address swallows what is sent; the second time it is killed.

my $long    = $ENV{DEVTALK_LONG};
my $standby = DevTalk::Standby->make;
my $ports   = join ',', @{$standby->ports};

# Both addresses, for all nodes.
for my $node (1, 2) {
    my $file = path(home(), "nginx-$node", 'nginx.conf');
    my $text = $file->slurp;
    is $text =~ s/(devtalk_postgres +\w+ +")[^"]*? port=\d+/$1hostaddr=127.0.0.1,127.0.0.2 port=$ports/g, 3,
        "node $node knows two addresses";
    $file->spurt($text);
    my @old = nginx_workers($node);
    kill HUP => nginx_master($node);
    eventually 'its new workers have begun', 10, sub { !grep { my $pid = $_; grep { $_ == $pid } @old } nginx_workers($node) };
    eventually 'and are whole', 10, sub { whole($node) };
}

my $outage = DevTalk::Outage->start;

$outage->test('failover from a frozen server', $long ? 10 : 3, sub { $standby->freeze_first }, sub { $standby->take_over });
$standby->rebuild_first;
$outage->mixed->take;
$outage->test('failover from a killed server', $long ? 10 : 2, sub { $standby->kill_second }, sub { $standby->give_back });

$outage->finish('failover');

is system(DevTalk::Stack::root() . '/devtalk reload >/dev/null 2>&1 </dev/null'), 0, 'the nodes know one address again';
eventually "node $_ is whole", 20, sub { whole($_) } for 1, 2;

finish();
