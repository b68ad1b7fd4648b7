use lib 't/lib';
use DevTalk::Test;

use Mojo::File qw(path);
use Time::HiRes qw(sleep);

use DevTalk::Outage;

# PostgreSQL stopped, killed, frozen, its sessions ended, under the mixed
# load: what is cached is served, the rest says 503 within a second, /health
# answers at once, and soon after its return all is well.  Nothing
# acknowledged is lost, nothing is half done or done twice.

my $long   = $ENV{DEVTALK_LONG};
my $outage = DevTalk::Outage->start;

# The server with all of its processes.
my $kin = sub {
    my $pid = path(home(), 'postgres/pid')->slurp + 0;
    return $pid, DevTalk::Stack::children($pid);
};

for my $how ('stop', 'stop --now') {
    $outage->test("PostgreSQL, $how", $long ? 10 : 3,
        sub { server($how, 'postgres') }, sub { server('start', 'postgres') });
}

$outage->test('PostgreSQL frozen', $long ? 10 : 4,
    sub { my @kin = $kin->(); kill STOP => @kin; \@kin },
    sub ($frozen) { kill CONT => @$frozen });

my $times = $long ? 20 : 4;
$outage->test("PostgreSQL's sessions ended", 0, sub {
    for (1 .. $times) {
        pg()->do(q{select pg_terminate_backend(pid) from pg_stat_activity where usename like 'devtalk\_%'});
        sleep 1;
    }
}, sub { });

$outage->finish('PostgreSQL away');
finish();
