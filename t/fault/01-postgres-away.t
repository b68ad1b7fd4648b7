use lib 't/lib';
use DevTalk::Test;

use Time::HiRes qw(time);

use DevTalk::Events;
use DevTalk::Load;

# PostgreSQL stopped and started again while requests run: what is cached is
# served, the rest says 503 at once; nothing acknowledged is lost, nothing is
# written twice, every event takes effect once.

my $events  = DevTalk::Events->start('devtalk.comments');
my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}";
my ($id)    = pg()->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug});
my $mark    = unique('load');

# Comments change the article that they belong to; another stays cached.
my $quiet   = '/api/articles/' . $anna->publish->{slug};

my $writers = DevTalk::Load->start(clients => 3, work => sub ($n, $round) {
    my $body  = "$mark $n.$round";
    my $begun = time;
    my $reply = $bob->on($n % 2 + 1)->post("$path/comments", {comment => {body => $body}});
    return {body => $body, status => $reply->status, took => time - $begun,
        retry => $reply->header('Retry-After'), id => eval { $reply->json->{comment}{id} }};
});

# "--now" is a crash, the other an orderly stop.
for my $how ('stop', 'stop --now') {
    subtest "devtalk $how postgres" => sub {
        wait_until(sub { $writers->count > 30 });
        for my $node (1, 2) {
            anybody($node)->get($quiet)->is(200) for 1 .. 4;
        }
        server($how, 'postgres');

        for my $node (1, 2) {
            anybody($node)->get('/health')->is(200, "node $node is alive");
            eventually "node $node knows", 5, sub { anybody($node)->get('/ready')->status == 503 };
            my $servers = anybody($node)->servers;
            is $servers->{$_}, 'down', "$_ is down" for grep {/postgres/} sort keys %$servers;
            is $servers->{$_}, 'up', "$_ is up" for qw(redis kafka);

            my $begun = time;
            my $reply = anybody($node)->get('/api/articles', query => {author => unique('x')})->is(503, 'what needs it is refused');
            cmp_ok time - $begun, '<', 3, 'soon';
            like $reply->header('Retry-After'), qr/^\d+$/, 'with Retry-After';
            anybody($node)->get($quiet)->is(200, "what node $node has cached is served");
        }
        my $count = $writers->count;
        ok wait_until(sub { $writers->count > $count + 20 }, 15), 'writers are answered all the time';

        server('start', 'postgres');
        my $begun = time;
        eventually "node $_ writes again within 5 s", 5, sub {
            $anna->on($_)->put('/api/user', {user => {bio => unique('Bio')}})->status == 200
        } for 1, 2;
        eventually "node $_ is ready within 5 s", 5, sub { whole($_) } for 1, 2;
        cmp_ok time - $begun, '<', 6, 'both';
    };
}

wait_until(sub { 0 }, 1);
my @outcomes = $writers->stop;
my %status;
$status{$_->{status} // $_->{died}}++ for @outcomes;

subtest 'what the writers were told' => sub {
    is_deeply [grep { !/^(?:201|503)$/ } keys %status], [], join ', ', map {"$_: $status{$_}"} sort keys %status;
    my ($slowest) = sort { $b <=> $a } map { $_->{took} // 0 } @outcomes;
    cmp_ok $slowest, '<', 11, sprintf 'nobody waited longer than %.1f s', $slowest;
    is_deeply [grep { ($_->{status} // 0) == 503 && !$_->{retry} } @outcomes], [], 'each 503 has Retry-After';
};

subtest 'what is there' => sub {
    my %rows;
    $rows{$_->[0]}++ for @{pg()->selectall_arrayref('select body from comments.comments where body like ?', undef, "$mark %")};
    is_deeply [grep { $_->{status} == 201 && !$rows{$_->{body}} } @outcomes], [], 'all that was acknowledged';
    is_deeply [grep { $rows{$_} > 1 } keys %rows], [], 'and nothing twice';

    my @events = $events->at_least(scalar(keys %rows), 'devtalk.comments', key => $id,
        where => sub ($data) { ($data->{body} // '') =~ /^\Q$mark\E / }, within => 20);
    my %told;
    $told{$_->{data}{body}}{$_->{headers}{ce_id}}++ for @events;
    is_deeply [sort keys %told], [sort keys %rows], 'an event for each, and for nothing else';

    # One that Kafka had when PostgreSQL went comes again: its row was still
    # in the outbox.  The inbox knows it by its id.
    is_deeply [grep { keys %{$told{$_}} > 1 } keys %told], [], 'by one id, should it come again';
    eventually 'and its effect once', 15, sub { anybody()->article($article)->{commentsCount} == keys %rows };
};

finish();
