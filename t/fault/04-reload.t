use lib 't/lib';
use DevTalk::Test;

use IO::Socket::INET;
use Mojo::File qw(path);
use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Footprint;
use DevTalk::Mixed;

# Reloading every 2 s under the mixed load: no request fails that would not
# fail in stock nginx, old workers leave, nothing is left behind.

my $reloads = $ENV{DEVTALK_LONG} ? 100 : 8;
my $workers = nginx_workers(1);

# Beside a node's own server one with nothing of ours, in the same workers: an
# idle connection that is closed at the moment when it is used again is lost
# there, too.
my %stock;
for my $node (1, 2) {
    my $port = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)->sockport;
    my $file = path(home(), "nginx-$node", 'nginx.conf');
    $file->spurt($file->slurp =~ s/\}\s*\z//r, <<~"END");
            server {
                listen 127.0.0.1:$port backlog=4096;
                access_log off;
                location / { return 200 "ok"; }
            }
        }
        END
    $stock{"stock$node"} = "http://127.0.0.1:$port";
}

sub reload { kill HUP => map { nginx_master($_) } 1, 2 }

# No worker is on its way out.
sub at_rest { return DevTalk::Footprint->take->workers == 2 * $workers && whole(1) && whole(2) }

# Memory is weighed under the load, descriptors and connections without it;
# never of workers that are older than those to come.
sub weigh ($name) {
    eventually "$name: the old workers leave", 25, \&at_rest;
    sleep 2;
    return DevTalk::Footprint->least;
}

reload();
my $before = weigh('at first');
my $mixed  = DevTalk::Mixed->start(probes => \%stock, probing => 165);
reload();
my $light  = weigh('under load');

for (1 .. $reloads) {
    my $next = time + 2;
    reload();
    sleep 0.05 while time < $next;
}
my $heavy = weigh('at last');
$mixed->stop;

subtest 'requests' => sub {
    my (%asked, %closed, %wrong);
    for my $kind (keys %{$mixed->tally}) {
        my $whose = $kind =~ /^stock/ ? 'stock' : 'ours';
        my %told  = %{$mixed->tally->{$kind}};
        $asked{$whose}  += $_ for values %told;
        $closed{$whose} += $told{closed} // 0;
        $wrong{"$kind $_"} = $told{$_} for grep { !/^(?:2\d\d|closed)$/ } keys %told;
    }

    my $failed = 0;
    $failed += $_ for values %wrong;
    figure('reload: reloads, 2 s apart', $reloads);
    figure('reload: failed requests', $failed, '0');
    is_deeply \%wrong, {}, "no request failed of $asked{ours}" or diag explain \%wrong;

    my $expected = $closed{stock} * $asked{ours} / $asked{stock};
    figure('reload: connections closed under a request', $closed{ours},
        sprintf 'as stock: %.0f', $expected);
    cmp_ok $closed{ours}, '<=', $expected + 3 * sqrt($expected + 1), 'connections are closed as stock nginx does';
};

$mixed->verify('reload');
is $mixed->books->applied->{closed} // 0, 0, 'nothing was done on a connection that was closed';

subtest 'nothing is left behind' => sub {
    my $after;
    eventually 'workers, descriptors and connections are as before', 20, sub {
        $after = DevTalk::Footprint->take;
        return !$after->differs($before);
    } or diag join "\n", $after->differs($before);
    figure("reload: $_ before and after", $before->$_ . ', ' . $after->$_) for qw(descriptors postgres redis kafka);

    figure('reload: KB of memory under load, before and after', $light->memory . ', ' . $heavy->memory);
    cmp_ok $heavy->memory, '<=', DevTalk::Footprint->room(1.1) * $light->memory, 'memory is as before';
    figure('reload: KB of the masters, before and after', $light->master . ', ' . $heavy->master);
    cmp_ok $heavy->master, '<=', DevTalk::Footprint->room(1.05) * $light->master, 'also of the masters, who stay';
};

eventually 'one relay a schema is left, of the new workers', 5, sub {
    my ($locks) = pg()->selectrow_array(q{
        select count(*) from pg_locks where locktype = 'advisory' and granted
           and classid = (hashtext('devtalk_relay')::bigint & 4294967295)::oid});
    $locks == 3;
};

# Through the driver too, which takes away the other server.
is system(DevTalk::Stack::root() . '/devtalk reload >/dev/null 2>&1 </dev/null'), 0, 'devtalk reload';
eventually 'and all is well', 25, \&at_rest;

finish();
