use lib 't/lib';
use DevTalk::Test;

use DevTalk::Events;
use DevTalk::Load;

# Workers killed under load: the master makes new ones, nothing acknowledged
# is lost, every event comes and has its effect once, and no reader sees an
# old value, though the worker died between commit and cache.

my $events  = DevTalk::Events->start('devtalk.comments');
my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}";
my ($id)    = pg()->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug});

my $writers = DevTalk::Load->start(clients => 4, work => sub ($n, $round) {
    my $body  = "Comment $n.$round";
    my $reply = $bob->on($round % 2 + 1)->post("$path/comments", {comment => {body => $body}});
    return {body => $body, status => $reply->status};
});

for my $round (1 .. 6) {
    for my $node (1, 2) {
        my @workers = nginx_workers($node);
        my $victim  = $workers[rand @workers];
        kill KILL => $victim;
        ok wait_until(sub {
            my @now = nginx_workers($node);
            @now == @workers && !grep { $_ == $victim } @now;
        }, 5), "round $round: node $node has a new worker";
        eventually 'which serves within 5 s', 5, sub {
            my @ok = grep { $_->status == 200 } map { anybody($node)->get($_) } ($path, '/api/tags') x 4;
            @ok == 8 && whole($node);
        };
    }
}

my @outcomes = $writers->stop;
my @made     = map { $_->{body} } grep { ($_->{status} // 0) == 201 } @outcomes;
my %status;
$status{$_->{status} // 'died'}++ for @outcomes;
note join ', ', map {"$_: $status{$_}"} sort keys %status;
is_deeply [grep { !/^(?:0|201|503)$/ } keys %status], [], 'requests were served, or cut with their worker';
cmp_ok $status{0} // 0, '<', 100, 'of which there were few';

my %rows;
$rows{$_->[0]}++ for @{pg()->selectall_arrayref('select body from comments.comments where article_id = ?', undef, $id)};
is_deeply [grep { !$rows{$_} } @made], [], 'all that was acknowledged is there';
is_deeply [grep { $rows{$_} > 1 } keys %rows], [], 'nothing twice';

my @told = $events->at_least(scalar(keys %rows), 'devtalk.comments', key => $id, type => 'comment.created', within => 30);
my %told;
$told{$_->{data}{body}}{$_->{headers}{ce_id}}++ for @told;
is_deeply [sort keys %told], [sort keys %rows], 'an event for each';
is_deeply [grep { keys %{$told{$_}} > 1 } keys %told], [], 'and one only';
eventually 'its effect once', 20, sub { anybody()->article($article)->{commentsCount} >= keys %rows };
is anybody()->article($article)->{commentsCount}, scalar(keys %rows), 'not more';

subtest 'a worker that dies between commit and cache' => sub {
    my @stale;
    for my $round (1 .. 10) {
        my $made  = $anna->publish(body => 'Before');
        my $where = "/api/articles/$made->{slug}";
        anybody($_)->get($where)->is(200) for 1, 2;

        # Somewhere on the edit's way all workers of its node die.
        my $editor = DevTalk::Load->aside(sub { $anna->put($where, {article => {body => 'After'}}); 1 });
        select undef, undef, undef, rand 0.012;
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
    for my $round (1 .. 8) {
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
