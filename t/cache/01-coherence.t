use lib 't/lib';
use DevTalk::Test;

use DevTalk::Load;

# Never stale after an edit: what a writer was told is done shows at once, on
# every node and in every worker.

my $ROUNDS = $ENV{DEVTALK_ROUNDS} // 60;
my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));

# Fresh connections reach any worker; both nodes, all at once.
my $everywhere = sub ($path, $client = undef) {
    my @replies;
    my @promises = map {
        my $reader = $client ? $client->on($_) : anybody($_);
        map { my $one = $_ ? $reader->on($reader->node) : $reader; $one->request_p(GET => $path) } 0 .. 2
    } 1, 2;
    $_->then(sub ($reply) { push @replies, $reply })->wait for @promises;
    return @replies;
};

my $stale = sub ($rounds, $change, $path, $see) {
    my @stale;
    for my $round (1 .. $rounds) {
        my $expected = $change->($round);
        my $where    = ref $path ? $path->() : $path;
        for my $reply ($everywhere->($where)) {
            my $seen = $reply->status == 200 ? $see->($reply->json) : 'status ' . $reply->status;
            push @stale, "round $round: $seen, not $expected" if $seen ne $expected;
        }
    }
    return \@stale;
};

my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}";

subtest 'an edited article' => sub {
    is_deeply $stale->($ROUNDS, sub ($round) {
        $anna->on($round % 2 + 1)->edit($article, body => "Version $round");
        "Version $round";
    }, $path, sub ($json) { $json->{article}{body} }), [], "$ROUNDS edits on alternating nodes";
};

subtest 'a favorite' => sub {
    is_deeply $stale->($ROUNDS, sub ($round) {
        my $method = $round % 2 ? 'post' : 'delete';
        $bob->on(int($round / 2) % 2 + 1)->$method("$path/favorite")->is(200)->json->{article}{favoritesCount};
    }, $path, sub ($json) { $json->{article}{favoritesCount} }), [], 'is counted at once';
};

subtest "the author's profile" => sub {
    is_deeply $stale->($ROUNDS / 2, sub ($round) {
        $anna->on($round % 2 + 1)->put('/api/user', {user => {bio => "Bio $round"}})->is(200);
        "Bio $round";
    }, $path, sub ($json) { $json->{article}{author}{bio} // '' }), [], 'shows at once';
};

subtest 'the front page' => sub {
    is_deeply $stale->($ROUNDS / 2, sub ($round) {
        $anna->on($round % 2 + 1)->publish->{slug};
    }, '/api/articles', sub ($json) { $json->{articles}[0]{slug} }), [], 'begins with the newest';

    my $newest = $anna->publish;
    is_deeply $stale->($ROUNDS / 2, sub ($round) {
        $anna->on($round % 2 + 1)->edit($newest, description => "Version $round")->{description};
    }, '/api/articles', sub ($json) { $json->{articles}[0]{description} }), [], 'shows edits';

    is_deeply $stale->($ROUNDS / 4, sub ($round) {
        my $made = $anna->publish;
        $anna->on($round % 2 + 1)->delete("/api/articles/$made->{slug}")->is(204);
        $newest->{slug};
    }, '/api/articles', sub ($json) { $json->{articles}[0]{slug} }), [], 'and no deleted ones';
};

subtest 'comments' => sub {
    is_deeply $stale->($ROUNDS / 2, sub ($round) {
        $bob->on($round % 2 + 1)->comment($article, "Comment $round")->{body};
    }, "$path/comments", sub ($json) { $json->{comments}[0]{body} }), [], 'show at once';
};

subtest 'a deleted article' => sub {
    my @found;
    for my $round (1 .. $ROUNDS / 2) {
        my $made  = $anna->publish;
        my $where = "/api/articles/$made->{slug}";
        $_->is(200) for anybody(1)->get($where), anybody(2)->get($where);
        $anna->on($round % 2 + 1)->delete($where)->is(204);
        push @found, "round $round: " . $_->status for grep { $_->status != 404 } $everywhere->($where);
    }
    is_deeply \@found, [], 'is gone at once';
};

subtest 'a slug that another takes' => sub {
    my @wrong;
    for my $round (1 .. $ROUNDS / 4) {
        my $made  = $anna->publish(title => unique('Taken'));
        my $where = "/api/articles/$made->{slug}";
        anybody($_)->get($where)->is(200) for 1, 2;
        my $moved = $anna->on($round % 2 + 1)->edit($made, title => unique('Moved'));
        push @wrong, "round $round: moved: " . $_->status for grep { $_->status != 301 } $everywhere->($where);
        $anna->edit($moved, title => $made->{title});
        push @wrong, "round $round: back: " . $_->status for grep { $_->status != 200 } $everywhere->($where);
        push @wrong, "round $round: left: " . $_->status
            for grep { $_->status != 301 } $everywhere->("/api/articles/$moved->{slug}");
    }
    is_deeply \@wrong, [], 'never shows what was there before';
};

subtest 'readers never go back in time' => sub {
    my $made    = $anna->publish(description => '0');
    my $where   = "/api/articles/$made->{slug}";
    my %last;
    my $readers = DevTalk::Load->start(clients => 4, work => sub ($n, $round) {
        my $reply = anybody($n % 2 + 1)->get($where);
        my $seen  = $reply->json->{article}{description};
        my $back  = $seen < ($last{$n} // 0) ? "$last{$n} -> $seen" : undef;
        $last{$n} = $seen;
        return {status => $reply->status, back => $back};
    });
    $anna->on($_ % 2 + 1)->edit($made, description => "$_") for 1 .. $ROUNDS * 2;
    my @outcomes = $readers->stop;
    cmp_ok scalar(@outcomes), '>', 50, @outcomes . ' reads meanwhile';
    is_deeply [grep { defined } map { $_->{back} // $_->{died} } @outcomes], [], 'each reader sees only newer ones';
    is_deeply [grep { $_->{status} != 200 } @outcomes], [], 'and always something';
};

subtest 'the cache was used at all' => sub {
    my $made = $anna->publish;
    for my $node (1, 2) {
        my $hits   = sub { metric('devtalk_cache_zone_hits_total', node => $node) };
        my $before = $hits->();
        anybody($node)->article($made) for 1 .. 20;
        cmp_ok $hits->() - $before, '>=', 15, "node $node serves from its zone";
    }
};

finish();
