use lib 't/lib';
use DevTalk::Test;

use List::Util qw(max);
use Mojo::File qw(path);
use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Footprint;
use DevTalk::Mixed;
use DevTalk::Raw;
use DevTalk::Shim;

# Descriptors and disks that are used up, under the mixed load: nobody
# crashes, what can be served is, the rest is refused honestly, and when there
# is room again all is well by itself.

my $slow    = $ENV{DEVTALK_SLOW} || 1;
my $lasts   = $ENV{DEVTALK_LONG} ? 10 : 3;
my @workers = map { [nginx_workers($_)] } 1, 2;

# PostgreSQL on a disk that is full when the test says so: t/fault/lib/full.c.
my $state = readlink(home() . '/state') // home();
my $disk  = DevTalk::Shim->build('full', folder => "$state/shim");
chmod 0666, $disk->file;
server('stop', 'postgres');
{
    my %environment = map { split /=/, $_, 2 } $disk->environment;
    local @ENV{keys %environment} = values %environment;
    server('start', 'postgres');
}
eventually "node $_ is whole", 10, sub { whole($_) } for 1, 2;

# Reads the configuration, and waits until there are only new workers.
sub reload ($name) {
    my @new;
    kill HUP => map { nginx_master($_) } 1, 2;
    eventually $name, 25, sub {
        @new = map { [nginx_workers($_)] } 1, 2;
        my %old = map { $_ => 1 } map {@$_} @workers;
        return "@{[map { scalar @$_ } @new]}" eq "@{[map { scalar @$_ } @workers]}"
            && !grep { $old{$_} } map {@$_} @new;
    };
    @workers = @new;
}

# They are to be as young as those to come.
reload('the old workers leave');
eventually "node $_ is whole", 10, sub { whole($_) } for 1, 2;
sleep 2;
my $before = DevTalk::Footprint->take;
my $mixed  = DevTalk::Mixed->start;
is_deeply [wrong($mixed->going(2))], [], 'all is well at first';

sub bad (@outcomes) { return grep { $_->{why} || $_->{status} !~ /^2/ } @outcomes }

sub wrong (@outcomes) {
    my @wrong = map { join ' ', grep {defined} @$_{qw(kind node status why note)} } bad(@outcomes);
    return @wrong > 5 ? (@wrong[0 .. 4], scalar @wrong) : @wrong;
}

# "during" returns when there is room again.  May be refused: "fails", reasons
# of DevTalk::Mixed besides an honest 503.
sub exhaust ($name, $fails, $during) {
    subtest $name => sub {
        $mixed->take;
        $during->();
        my $free = time;
        my @outcomes = $mixed->recovering(6);
        my @during   = grep { $_->{at} < $free } @outcomes;
        my @refused  = grep { $_->{status} == 503 } @during;
        my @lost     = grep { ($_->{why} // '') =~ $fails } @during;

        figure("$name: of " . @during . ' requests 503', scalar @refused);
        figure("$name: requests lost with their connection", scalar @lost);
        is_deeply [wrong(grep { my $o = $_; !grep { $_ == $o } @lost } grep { $_->{status} != 503 || $_->{why} } @during)], [],
            'an answer, or an honest 503';
        my $well = max $free, map { $_->{at} } bad(@outcomes);
        figure("$name: all well afterwards, after", ms($well - $free), '<= 5000 ms');
        cmp_ok $well - $free, '<=', 5 * $slow, 'by itself';
        is_deeply [map { [nginx_workers($_)] } 1, 2], \@workers, 'the workers live';
    };
}


# As its own user, for root may not be allowed to.
sub limit_files ($pid, $files) {
    my ($uid, $gid) = (stat "/proc/$pid")[4, 5];
    my ($hard) = path("/proc/$pid/limits")->slurp =~ /^Max open files +\d+ +(\d+)/m;
    $files = $hard if $files eq 'unlimited';
    system(($> ? () : ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups')),
        'prlimit', "--pid=$pid", "--nofile=$files:$hard") == 0 or die 'prlimit';
}

exhaust('descriptors used up', qr/^(?:late|closed|cut|refused)$/, sub {
    my @pids = map {@$_} @workers;
    my %had  = map { $_ => scalar(my @all = glob "/proc/$_/fd/*") } @pids;
    limit_files($_, $had{$_} + 20) for @pids;

    # More clients than that, and all who were connected before go and come.
    my @clients = map { DevTalk::Raw->new(node => $_ % 2 + 1) } 1 .. 200;
    $_->socket for @clients;
    sleep 1;
    pg()->do(q{select pg_terminate_backend(pid) from pg_stat_activity where usename like 'devtalk\_%'});
    DevTalk::Stack::redis('client', 'kill', 'type', 'normal');
    sleep $lasts;

    my ($full) = grep {/accept4?\(\) failed \(24/} log_lines();
    ok $full, 'there were none left';

    limit_files($_, 'unlimited') for @pids;
    $_->abort for @clients;
});

exhaust("the logs' disk full", qr/^closed$/, sub {
    my %conf = map { $_ => path(home(), "nginx-$_", 'nginx.conf') } 1, 2;
    my %text = map { $_ => $conf{$_}->slurp } 1, 2;
    my $log  = sub ($node) { path(home(), "nginx-$node", 'log.conf') };
    my %was  = map { $_ => $log->($_)->slurp } 1, 2;

    for my $node (1, 2) {
        $conf{$node}->spurt($text{$node} =~ s{^error_log \S+}{error_log /dev/full}mr);
        $log->($node)->spurt($was{$node} =~ s{access_log +access\.log}{access_log /dev/full}r);
    }
    reload('the logs are on a full disk');
    sleep $lasts;
    my $asked = @{[access_lines(1)]};
    sleep 1;
    is scalar(@{[access_lines(1)]}), $asked, 'nothing is logged';

    for my $node (1, 2) {
        $conf{$node}->spurt($text{$node});
        $log->($node)->spurt($was{$node});
    }
    reload('there is room again');
});

exhaust("PostgreSQL's disk full", qr/(?!)/, sub {
    $disk->set(0, 1);
    sleep $lasts;
    my $refused = eval { pg()->do(q{create table public.grows as select repeat('x', 1000) from generate_series(1, 1000)}); 1 };
    like $@, qr/No space left on device/, 'nothing can grow';
    ok !$refused, 'there';
    $disk->set(0, 0);
});

# It cannot go on without its log of transactions: it ends itself, and cannot
# start while that is so.
exhaust("PostgreSQL's disk full for its log too", qr/(?!)/, sub {
    $disk->set(0, 1);
    ok wait_until(sub {
        system('psql -Xq -c "select pg_switch_wal()" "$DEVTALK_PG" >/dev/null 2>&1');
        return !eval { pg() };
    }, 30), 'it goes down';
    sleep $lasts;
    $disk->set(0, 0);
    server('stop', 'postgres');
    server('start', 'postgres');
});

$mixed->verify('exhausted');

my $after;
eventually 'nothing is left behind', 20, sub {
    $after = DevTalk::Footprint->take;
    return !$after->differs($before);
} or diag join "\n", $after->differs($before);

finish(allow => qr/accept4?\(\) failed \(24|\(24: Too many open files\)|"\/dev\/full" failed/);
