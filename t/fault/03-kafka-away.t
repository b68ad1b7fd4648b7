use lib 't/lib';
use DevTalk::Test;

use DevTalk::Events;
use DevTalk::Load;

# Kafka stopped and started again: writes go on, the outbox grows and a metric
# says so; afterwards every event comes, once, in order.

my $events  = DevTalk::Events->start;
my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}";
my ($id)    = pg()->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug});
my $pg      = pg();
my $waiting = sub { ($pg->selectrow_array('select count(*) from articles.outbox'))[0] };
my $mark    = unique('load');
my $edits   = 0;

my $edit = sub ($times) {
    for (1 .. $times) {
        $edits++;
        $anna->on($edits % 2 + 1)->edit($article, description => "Edit $edits");
    }
};

$edit->(20);
eventually 'the outbox is empty', 10, sub { $waiting->() == 0 };

my $writers = DevTalk::Load->start(clients => 2, pause => 0.02, work => sub ($n, $round) {
    my $body  = "$mark $n.$round";
    my $reply = $bob->on($n)->post("$path/comments", {comment => {body => $body}});
    return {body => $body, status => $reply->status};
});

for my $how ('stop', 'stop --now') {
    subtest "devtalk $how kafka" => sub {
        wait_until(sub { $writers->count > 20 });
        server($how, 'kafka');
        $edit->(30);
        cmp_ok $waiting->(), '>=', 30, 'the outbox grows: ' . $waiting->();

        for my $node (1, 2) {
            anybody($node)->get($path)->is(200, "node $node serves");
            eventually "node $node knows", 15, sub { anybody($node)->servers->{kafka} eq 'down' };
            is anybody($node)->get('/ready')->is(200, 'and serves')->json->{status}, 'degraded', 'without';
        }
        my ($lag) = grep { $_ eq 'devtalk_outbox_rows' } map {s/\{.*//r} map { keys %{metrics($_)} } 1, 2;
        ok $lag, 'a metric counts the outbox';
        eventually 'and shows it', 5, sub { metric($lag) >= 30 } if $lag;

        server('start', 'kafka');
        eventually "node $_ is ready within 5 s", 5, sub { whole($_) } for 1, 2;
        eventually 'the outbox begins to empty within 5 s', 5, sub { $waiting->() < 30 };
        eventually 'and is empty soon', 30, sub { $waiting->() < 5 };
    };
}

my @outcomes = $writers->stop;
is_deeply [grep { ($_->{status} // 0) != 201 } @outcomes], [], 'no write failed of ' . @outcomes;

subtest 'the events' => sub {
    my @updates = $events->at_least($edits, 'devtalk.articles', key => $id, type => 'article.updated', within => 30);
    my %seen;
    @updates = grep { !$seen{$_->{headers}{ce_id}}++ } @updates;
    is_deeply [map { $_->{data}{description} } @updates], [map {"Edit $_"} 1 .. $edits], 'of edits: all, in order';
    my $again = grep { $_ > 1 } values %seen;
    note "$again came twice" if $again;

    my @comments = $events->at_least(scalar(@outcomes), 'devtalk.comments', key => $id, type => 'comment.created', within => 30);
    my %told;
    $told{$_->{data}{body}}{$_->{headers}{ce_id}}++ for @comments;
    is_deeply [sort keys %told], [sort map { $_->{body} } @outcomes], 'of comments: all';
    is_deeply [grep { keys %{$told{$_}} > 1 } keys %told], [], 'one each';
    eventually 'each has its effect', 20, sub { anybody()->article($article)->{commentsCount} >= @outcomes };
    is anybody()->article($article)->{commentsCount}, scalar(@outcomes), 'once';
};

finish();
