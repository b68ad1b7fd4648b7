use lib 't/lib';
use DevTalk::Test;

use List::Util qw(max);
use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Load;
use DevTalk::Mixed;

# Workers killed under the mixed load: only what they had in flight fails, the
# master makes new ones, nothing acknowledged is lost, every event comes and
# has its effect once, and no reader sees an old value, though the worker died
# between commit and cache.

my $long  = $ENV{DEVTALK_LONG};
my $kills = $long ? 20 : 8;

my $mixed = DevTalk::Mixed->start;
my @fine  = $mixed->going(2);
is_deeply [map {"$_->{kind} $_->{status}"} grep { $_->{why} || $_->{status} !~ /^2/ } @fine], [],
    'all is well at first, ' . @fine . ' times';

my (@kills, @outcomes);
for my $round (1 .. $kills) {
    my $node    = $round % 2 + 1;
    my @workers = nginx_workers($node);
    my $victim  = $workers[rand @workers];
    my $at      = time;
    kill KILL => $victim;
    ok wait_until(sub {
        my @now = nginx_workers($node);
        @now == @workers && !grep { $_ == $victim } @now;
    }, 5), "kill $round: node $node has a new worker";

    # Who had connections to it knows by now.
    push @kills, {node => $node, from => $at, to => time};
    push @outcomes, $mixed->going(1);
}
push @outcomes, $mixed->stop;

# Sent to that node before the worker was gone, and ended after.
sub in_flight ($outcome) {
    return grep {
        $_->{node} == $outcome->{node} && $outcome->{at} <= $_->{to}
            && $outcome->{at} + $outcome->{took} >= $_->{from}
    } @kills;
}

subtest 'requests' => sub {
    my @failed = grep { $_->{why} || $_->{status} !~ /^2/ } @outcomes;
    my @others = grep { $_->{status} || !in_flight($_) } @failed;
    my @most   = sort { $b <=> $a } map {
        my $kill = $_;
        scalar grep { my $o = $_; grep { $_ == $kill } in_flight($o) } @failed
    } @kills;

    figure('worker killed: kills', $kills);
    figure('worker killed: requests that failed with their worker', @failed - @others);
    figure('worker killed: the most for one kill', $most[0]);
    figure('worker killed: other failed requests', scalar @others, '0');
    is_deeply [map { join ' ', @$_{qw(kind node status)}, $_->{why} // '' } @others], [],
        'only what was in flight has failed of ' . @outcomes;
    ok @failed < 20 * $kills, 'which was little: ' . @failed;
};

$mixed->verify('worker killed');

subtest 'a worker that dies between commit and cache' => sub {
    my $anna = signed_in('anna');
    my @stale;
    for my $round (1 .. ($long ? 20 : 6)) {
        my $made  = $anna->publish(body => 'Before');
        my $where = "/api/articles/$made->{slug}";
        anybody($_)->get($where)->is(200) for 1, 2;

        # Somewhere on the edit's way all workers of its node die.
        my $editor = DevTalk::Load->aside(sub { $anna->put($where, {article => {body => 'After'}}); 1 });
        sleep rand 0.012;
        kill KILL => nginx_workers(1);
        $editor->();

        eventually "round $round: the node is back", 5, sub { whole(1) };
        my ($truth) = pg()->selectrow_array('select body from articles.articles where slug = ?', undef, $made->{slug});
        my $agreed = wait_until(sub {
            !grep { anybody($_)->get($where)->json->{article}{body} ne $truth } 1, 2, 1, 2
        }, 5);
        push @stale, "round $round: not $truth" unless $agreed;
    }
    is_deeply \@stale, [], 'its event puts the cache right';
};

subtest 'a session that has ended stays so' => sub {
    my %told;
    for my $round (1 .. ($long ? 20 : 5)) {
        my $gone = signed_in('gone');
        $gone->post('/api/users/logout')->is(204);
        kill KILL => nginx_workers(1);

        # Whoever connects meanwhile waits for the new workers.
        my $reply = $gone->get('/api/user');
        $told{$reply->status}++;
        $told{$gone->get('/api/user')->status}++;
        eventually "round $round: the node is back", 5, sub { whole(1) };
    }
    note join ', ', map {"$_: $told{$_}"} sort keys %told;
    ok $told{401}, 'its token is refused';
    ok !$told{200}, 'always, by workers that have just begun too';
};

finish(allow => qr/worker process \d+ exited on signal 9|was terminated by signal|shared memory zone .* was locked/);
