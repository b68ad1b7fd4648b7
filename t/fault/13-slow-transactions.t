use lib 't/lib';
use DevTalk::Test;

use List::Util qw(sum0);
use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Load;
use DevTalk::Stack qw(kafka_broker root);

# Slow and fast transactions side by side: events whose ids were drawn early
# commit late, behind others that have gone to Kafka already.  None is
# skipped, none of those that were rolled back is told, and the order of each
# article's stays.
#
# The writers are sessions with the service's own statement, as workers have
# it, but in transactions that go on for up to two seconds.

my $LONG   = $ENV{DEVTALK_LONG};
my $EVENTS = $ENV{DEVTALK_EVENTS} // ($LONG ? 100_000 : 4000);
my $SEED   = $ENV{DEVTALK_SEED} // time ^ $$;
note 'DEVTALK_SEED=' . int $SEED;

my ($FAST, $SLOW) = (3, 4);         # writers
my $PAUSE = $LONG ? 2 : 1;          # seconds that a slow one thinks, at most

my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my @articles = map { $anna->publish } 1 .. 24;
my $from     = int(time * 1000);
my $mark     = unique('slow');

my $statement = do {
    open my $pipe, '-|', 'sh', root() . '/tools/sqltext.sh', root() . '/ngx_devtalk_comments/sql/comment_create.sql'
        or die $!;
    local $/;
    <$pipe> =~ s/^--.*\n//gmr;
};
my ($viewer) = pg()->selectrow_array('select id from auth.users where username = ?', undef, $bob->username);

# A writer of its own: returns a call that writes a comment.
my $session = sub {
    my $pg = pg();
    $pg->do('set role devtalk_comments');
    $pg->do('set search_path to comments');
    my $insert = $pg->prepare($statement, {pg_placeholder_dollaronly => 1});
    my $write  = sub ($article, $body) {
        $insert->execute($viewer, $article->{slug}, $body, undef);
        my $row = $insert->fetchrow_hashref;
        $insert->finish;
        die "outcome $row->{outcome}" if $row->{outcome} ne 'ok';
    };
    return ($pg, $write);
};

my $written = sub ($pg) {
    ($pg->selectrow_array('select count(*) from comments.comments where body like ?', undef, "$mark %"))[0]
};

# A hundred transactions; the relay is told of each tenth, as workers do.
my $fast = DevTalk::Load->start(clients => $FAST, work => sub ($n, $round) {
    state $own = do { srand $SEED + $n; [$session->()] };
    my ($pg, $write) = @$own;

    for my $i (1 .. 100) {
        $write->($articles[12 + rand 12], "$mark fast $n.$round.$i");
        $pg->do(q{select pg_notify('comments_outbox', '')}) if $i % 10 == 0;
    }
    return {rows => 100};
});

# One transaction, of articles that nobody else writes to: it would hold them
# up.
my $slow = DevTalk::Load->start(clients => $SLOW, work => sub ($n, $round) {
    state $own = do { srand $SEED - $n; [$session->()] };
    my ($pg, $write) = @$own;
    my $rows = 1 + int rand 5;
    my $away = rand(6) < 1;

    $pg->begin_work;
    for my $i (1 .. $rows) {
        $write->($articles[3 * ($n - 1) + rand 3], "$mark slow $n.$round.$i" . ($away ? ' away' : ''));
        sleep rand($PAUSE) / $rows;
    }
    $away ? $pg->rollback : $pg->commit;
    return {rows => $away ? 0 : $rows, away => $away ? $rows : 0};
});

my $pg    = pg();
my $begun = time;
ok wait_until(sub { $written->($pg) >= $EVENTS }, $LONG ? 900 : 120), "$EVENTS events were written";
my @outcomes = ($fast->stop, $slow->stop);
is_deeply [grep {defined} map { $_->{died} } @outcomes], [], 'by writers in order';

my $away = sum0 map { $_->{away} // 0 } @outcomes;
cmp_ok $away, '>', 0, "$away events were rolled back";

eventually 'the outbox is empty', 60, sub { !($pg->selectrow_array('select count(*) from comments.outbox'))[0] };
my $told = time - $begun;

my %rows = map {@$_} @{$pg->selectall_arrayref('select id, body from comments.comments where body like ?', undef, "$mark %")};
is scalar(keys %rows), sum0(map { $_->{rows} } @outcomes), 'each row was meant to be';


# All of the topic since then; in the order of each partition.
my @events = do {
    open my $pipe, '-|', 'kcat', '-C', '-b', kafka_broker(), '-t', 'devtalk.comments', '-e', '-q', '-o', "s\@$from",
        '-f', '%T %k %s\n' or die $!;
    map {
        /^(\d+) (\d+) \{"id": ?(\d+).*"body": ?"(\Q$mark\E [^"]*)"/ ? {at => $1, key => $2, id => $3, body => $4} : ()
    } <$pipe>;
};

subtest 'on Kafka' => sub {
    my (%times, %last);
    $times{$_->{id}}++ for @events;

    is_deeply [grep { !$times{$_} } sort keys %rows], [], 'none was skipped';
    is_deeply [grep { $_->{body} =~ /away$/ || !$rows{$_->{id}} } @events], [], 'none that was rolled back is told';
    is_deeply [grep { $times{$_} > 1 } keys %times], [], 'each came once';

    my ($highest, $late) = (0, 0);
    for my $event (sort { $a->{at} <=> $b->{at} || $a->{id} <=> $b->{id} } @events) {
        $late++ if $event->{id} < $highest;
        $highest = $event->{id} if $event->{id} > $highest;
    }
    figure('slow and fast transactions: committed behind later ids', $late);
    cmp_ok $late, '>', 10, "$late went behind some with higher ids";

    my @back = grep { my $before = $last{$_->{key}} // 0; $last{$_->{key}} = $_->{id}; $_->{id} < $before } @events;
    is_deeply [map {"$_->{id} of $_->{key}"} @back], [], "each article's in order";
};

subtest 'in effect' => sub {
    my $wrong;
    eventually 'each has its effect, once', $LONG ? 600 : 60, sub {
        $wrong = $pg->selectcol_arrayref(q{
            select a.slug || ' counts ' || a.comments_count || ', not ' || count(c.id)
              from articles.articles a left join comments.comments c on c.article_id = a.id
             where a.slug = any(?) group by a.id having a.comments_count <> count(c.id)}, undef,
            [map { $_->{slug} } @articles]);
        !@$wrong;
    } or diag explain $wrong;
};

figure('slow and fast transactions: events', scalar keys %rows);
figure('slow and fast transactions: events skipped', scalar(grep { my $id = $_->{id}; !$rows{$id} } @events)
    + (keys(%rows) - keys %{{map { $_->{id} => 1 } @events}}), '0');
figure('slow and fast transactions: events/s', $told ? keys(%rows) / $told : 0);
figure('slow and fast transactions: all have their effect after', sprintf '%.1f s', time - $begun);

finish();
