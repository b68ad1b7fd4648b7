use lib 't/lib';
use DevTalk::Test;

use List::Util qw(max shuffle sum0);
use Mojo::File qw(path);
use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Footprint;
use DevTalk::Mixed;
use DevTalk::Raw;

# Everything at once, for a while: the mixed load, clients that leave, and
# servers that stop, freeze, die and come back.  The nodes hold at the end
# what they held at the beginning, and have kept what they have promised.
#
# Node 1 keeps its workers, to see what requests leave behind; node 2 gets new
# ones time and again, to see what those do.

my $long    = $ENV{DEVTALK_LONG};
my $seconds = $long ? 30 * 60 : 0;      # at least, and each fault once
my $faults  = $long ? 8 : 4;            # from one weighing to the next
my $calm    = $long ? 15 : 2;           # seconds before it

sub pid_of ($server) { return path(home(), $server, 'pid')->slurp + 0 }

sub frozen ($seconds, @pids) {
    kill STOP => @pids;
    sleep $seconds;
    kill CONT => @pids;
}

# The pools come back one connection at a time.
sub all_connected ($node) {
    return metric('devtalk_postgres_connections_ready', node => $node) == metric('devtalk_postgres_connections', node => $node);
}

my $article = signed_in('anna')->publish;
my %fault = (
    'reload'            => sub { kill HUP => nginx_master(2) },
    'a worker killed'   => sub {
        # In the middle of a reload there may be none but those that leave.
        my @workers;
        wait_until(sub { @workers = nginx_workers(2) }, 10);
        kill KILL => $workers[rand @workers];
    },
    'sessions ended'    => sub {
        pg()->do(q{select pg_terminate_backend(pid) from pg_stat_activity where usename like 'devtalk\_%'});
    },
    'PostgreSQL killed' => sub { server('stop --now', 'postgres'); server('start', 'postgres') },
    'PostgreSQL frozen' => sub { my $pid = pid_of('postgres'); frozen(2, $pid, DevTalk::Stack::children($pid)) },
    'Redis killed'      => sub { server('stop --now', 'redis'); server('start', 'redis') },
    'Redis frozen'      => sub { frozen(2, pid_of('redis')) },
    'Kafka killed'      => sub { server('stop --now', 'kafka'); server('start', 'kafka') },
    'Kafka frozen'      => sub { frozen(3, pid_of('kafka')) },
    'clients gone'      => sub {
        for my $n (1 .. 200) {
            my $text = "GET /api/articles/$article->{slug} HTTP/1.1\r\nHost: x\r\n\r\n";
            DevTalk::Raw->new(node => $n % 2 + 1)->send_bytes(substr $text, 0, rand 2 * length $text)->abort;
        }
    },
);

my $mixed = DevTalk::Mixed->start;
$mixed->going(3);

# With every connection that a node has.
my @whole = map { DevTalk::Footprint->least(1, $_) } 1, 2;

my (@weights, %met, @queue, %wrong, %told);
my $asked = 0;
my $begun = time;

do {
    for (1 .. $faults) {
        @queue = shuffle(sort keys %fault) unless @queue;
        my $name = shift @queue;
        note "fault: $name";
        $fault{$name}->();
        $met{$name}++;
        sleep rand 2;
    }

    eventually "node $_ is whole again", 15, sub { whole($_) && all_connected($_) } for 1, 2;
    sleep $calm;
    push @weights, [map { DevTalk::Footprint->least(5, $_) } 1, 2];
    judge($mixed->take);
} while time - $begun < $seconds || keys %met < keys %fault;
judge($mixed->stop);

# Whatever is refused is refused honestly; a connection goes with its worker
# only.
sub judge (@outcomes) {
    for my $outcome (@outcomes) {
        my $why = $outcome->{why} // '';
        $asked++;
        $told{$why || $outcome->{status} =~ s/^2../well/r}++;
        next if !$why && $outcome->{status} =~ /^(?:2..|503)$/;
        next if $why =~ /^(?:closed|cut)$/ && $outcome->{node} == 2;
        $wrong{join ' ', $outcome->{kind}, $outcome->{node}, $why, $outcome->{note} // ''}++;
    }
}

is_deeply [grep { !$met{$_} } sort keys %fault], [], 'every fault was met: ' . join ', ', map {"$_ $met{$_}"} sort keys %met;
figure('soak: s', time - $begun, ">= $seconds");
figure('soak: faults', sum0 values %met);
figure('soak: requests', $asked);
figure('soak: answered well, %', 100 * $told{well} / $asked);
figure('soak: refused by 503, %', 100 * ($told{503} // 0) / $asked);
figure('soak: wrong answers', sum0(values %wrong), '0');
is_deeply \%wrong, {}, "nothing but right answers and honest refusals of $asked";

# Of the calm moments those of the first third, without the very first,
# against those of the last.  Some connections (Kafka's) come back later than
# others, so the descriptors of the first may be few.
subtest 'memory and descriptors are flat' => sub {
    my @first = @weights[1 .. max 1, int(@weights / 3)];
    my @last  = @weights[-@first .. -1];
    my $room  = DevTalk::Footprint->room($long ? 1.1 : 1.3);

    for my $node (1, 2) {
        my %mean = map {
            my $what = $_;
            ($what => [map { my $at = $_; sum0(map { $_->[$node - 1]->$what } @$at) / @$at } \@first, \@last]);
        } qw(memory master descriptors clients);
        $mean{descriptors}[$_] -= $mean{clients}[$_] for 0, 1;
        my $whole = $whole[$node - 1];
        $mean{descriptors}[0] = max $mean{descriptors}[0], $whole->descriptors - $whole->clients;

        figure("soak: node $node, KB of memory at first and at last", join ', ', map {int} @{$mean{memory}});
        figure("soak: node $node, KB of its master", join ', ', map {int} @{$mean{master}});
        figure("soak: node $node, descriptors without those of clients", join ', ', map {int} @{$mean{descriptors}});
        cmp_ok $mean{memory}[1], '<=', $room * $mean{memory}[0], "node $node: memory";
        cmp_ok $mean{master}[1], '<=', $room * $mean{master}[0], "node $node: its master's memory";
        cmp_ok $mean{descriptors}[1], '<=', $mean{descriptors}[0] + 12, "node $node: descriptors";
    }
};

$mixed->verify('soak');
finish(allow => qr/worker process \d+ exited on signal 9|was terminated by signal|shared memory zone .* was locked/);
