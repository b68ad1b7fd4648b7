use lib 't/lib';
use DevTalk::Test;

use List::Util qw(max);
use Time::HiRes qw(time);

use DevTalk::Events;
use DevTalk::Figures;
use DevTalk::Killer;
use DevTalk::Mixed;

# Relays and consumers killed at each of their steps, under load: every event
# comes, and each has its effect exactly once.
#
# Which of those that pass a step dies is chance (DEVTALK_SEED).

my $ROUNDS = $ENV{DEVTALK_ROUNDS} // ($ENV{DEVTALK_LONG} ? 20 : 1);
my $SEED   = $ENV{DEVTALK_SEED} // time ^ $$;
note 'DEVTALK_SEED=' . int $SEED;
srand int $SEED;

my $killer = DevTalk::Killer->into(1, 2);
my $events = DevTalk::Events->start;
my $pg     = pg();

# Comments and edits make the events; each comment has an effect.
my $mixed = DevTalk::Mixed->start(weights => {comment => 20, edit => 10, uncomment => 3});
my $workers = {map { $_ => scalar(() = nginx_workers($_)) } 1, 2};

# Not for each event: for many at once, or once a second.
my $SELDOM = qr/sent|delete|^(?:before )?commit/;

my @recoveries;
my $round = sub ($point, $after) {
    my $pid   = $killer->kill_at($point, 1 + int rand($point =~ $SELDOM ? 4 : 40));
    ok $pid, "killed: $point" or return;

    # Its successor does the same again.
    my $begun = time;
    my $seen  = $killer->passed($after);
    my $goes  = wait_until(sub { $killer->passed($after) > $seen + 5 }, 20);
    push @recoveries, time - $begun if $goes;
    ok $goes, '... and others go on' or diag "$after: $seen, then " . $killer->passed($after);
    wait_until(sub { !grep { nginx_workers($_) < $workers->{$_} } 1, 2 }, 5)
        or fail 'the workers are back';
};

for my $n (1 .. $ROUNDS) {
    $round->($_, 'deleted unheard') for @DevTalk::Killer::RELAY;
    $round->($_, 'stored') for @DevTalk::Killer::CONSUMER;
}

$mixed->stop;
$mixed->verify('relay and consumer killed');

figure('relay and consumer killed: kills', $ROUNDS * (@DevTalk::Killer::RELAY + @DevTalk::Killer::CONSUMER));
figure('relay and consumer killed: others go on after', ms(max 0, @recoveries));

subtest 'effects equal events' => sub {
    my %services = ('devtalk.comments' => ['articles'], 'devtalk.articles' => ['comments'],
        'devtalk.users' => ['articles', 'comments']);
    my ($all, $again) = (0, 0);

    for my $topic (sort keys %services) {
        my %id;
        $id{$_->{headers}{ce_id}}++ for $events->all($topic);
        $all += keys %id;
        $again += $_ - 1 for values %id;

        for my $service (@{$services{$topic}}) {
            my @missing;
            eventually "each event of $topic is in the inbox of $service", 20, sub {
                my %inbox = map { $_ => 1 } @{$pg->selectcol_arrayref("select event_id from $service.inbox")};
                @missing = grep { !$inbox{$_} } keys %id;
                !@missing;
            } or diag scalar(@missing) . " are not: @missing[0 .. (@missing > 5 ? 4 : $#missing)]";
        }
    }
    is_deeply [map { $pg->selectrow_array("select count(*) from $_.outbox") } qw(articles auth comments)],
        [0, 0, 0], 'none is left in an outbox';

    figure('relay and consumer killed: events', $all);
    figure('relay and consumer killed: of them sent again', $again);
    cmp_ok $again, '>', 0, 'some were sent twice, as their row was still there';
    my $repeated = metric('devtalk_events_repeated_total');
    note 'taken for repeated by consumers that still live: ' . ($repeated // 'no metric');
};

subtest 'nothing is dead' => sub {
    my $dead = DevTalk::Events->new(topics => [map {"devtalk.$_.dead"} qw(users articles comments)],
        from => $events->from);
    $dead->_follow($_) for @{$dead->topics};
    # An event of ours behind them all would have to be there by now, too.
    ok !wait_until(sub { map { $dead->all($_) } @{$dead->topics} }, 2), 'no event was buried';
};

$killer->restore;

finish(allow => qr/worker process \d+ exited on signal 9|was terminated by signal|shared memory zone .* was locked/);
