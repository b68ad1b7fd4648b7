use lib 't/lib';
use DevTalk::Test;

# One cached value serves all readers; each sees their own marks in it.

my ($anna, $bob, $carol) = map { signed_in($_) } qw(anna bob carol);
my @articles = map { $anna->publish(title => unique("Part $_")) } 1 .. 5;
my $other    = $bob->publish;

my $marks = sub ($client, $article) {
    my $seen = $client->article($article);
    join '', map { $_ ? 1 : 0 } $seen->{favorited}, $seen->{author}{following};
};
my $front = sub ($client) {
    my %seen = map { $_->{slug} => ($_->{favorited} ? 1 : 0) . ($_->{author}{following} ? 1 : 0) }
        @{$client->get('/api/articles', query => {limit => 50})->is(200)->json->{articles}};
    return join ' ', map { $seen{$_->{slug}} // 'none' } @articles, $other;
};

# A node trusts its zone some time after its start, or after Redis was away.
for my $node (1, 2) {
    eventually "node $node trusts its zone", 10, sub {
        my $hits = metric('devtalk_cache_zone_hits_total', node => $node);
        anybody($node)->article($other) for 1, 2;
        metric('devtalk_cache_zone_hits_total', node => $node) > $hits;
    };
}

# Warm on both nodes, by nobody and by everybody.
for my $node (1, 2) {
    $_->on($node)->article($articles[0]), $front->($_->on($node)) for anybody(), $bob, $carol;
}

$bob->favorite($articles[$_]) for 0, 2;
$carol->follow($anna);
$carol->favorite($articles[2]);
$carol->favorite($other);

for my $round (1 .. 3) {
    for my $node (1, 2) {
        is $marks->($bob->on($node), $articles[0]),   '10', "bob: favorited, not following (node $node)";
        is $marks->($carol->on($node), $articles[0]), '01', "carol: following, not favorited (node $node)";
        is $marks->($carol->on($node), $articles[2]), '11', "carol: both (node $node)";
        is $marks->(anybody($node), $articles[2]),    '00', "anybody: neither (node $node)";
        is $marks->($anna->on($node), $articles[2]),  '00', "the author: neither (node $node)";

        is $front->($bob->on($node)),   '10 00 10 00 00 00', "bob's front page (node $node)";
        is $front->($carol->on($node)), '01 01 11 01 01 10', "carol's front page (node $node)";
        is $front->(anybody($node)),    '00 00 00 00 00 00', "anybody's front page (node $node)";
    }
}

subtest 'marks are taken away at once' => sub {
    $carol->on(2)->delete('/api/profiles/' . $anna->username . '/follow')->is(200);
    $carol->on(2)->delete("/api/articles/$articles[2]{slug}/favorite")->is(200);
    for my $node (1, 2) {
        is $marks->($carol->on($node), $articles[2]), '00', "the article (node $node)";
        is $front->($carol->on($node)), '00 00 00 00 00 10', "the front page (node $node)";
        is $front->($bob->on($node)), '10 00 10 00 00 00', "bob's stay (node $node)";
    }
};

subtest 'many readers at once' => sub {
    my @wrong;
    my @promises = map {
        my $n = $_;
        my ($client, $expected) = @{([$bob, 1], [$carol, 0], [anybody(), 0])[$n % 3]};
        $client->on($n % 2 + 1)->request_p(GET => "/api/articles/$articles[0]{slug}")->then(sub ($reply) {
            my $seen = $reply->json->{article}{favorited} ? 1 : 0;
            push @wrong, "reader $n: $seen" if $seen != $expected;
        });
    } 1 .. 60;
    $_->wait for @promises;
    is_deeply \@wrong, [], 'nobody gets what is another\'s';
};

subtest 'comments' => sub {
    $bob->comment($articles[0]);
    $anna->comment($articles[0]);
    $carol->follow($bob);
    for my $node (1, 2) {
        my %following = map { $_->{author}{username} => $_->{author}{following} } @{$carol->on($node)->comments($articles[0])};
        is_deeply \%following, {$bob->username => true, $anna->username => false}, "carol follows bob (node $node)";
        %following = map { $_->{author}{username} => $_->{author}{following} } @{anybody($node)->comments($articles[0])};
        is_deeply \%following, {$bob->username => false, $anna->username => false}, "anybody follows nobody (node $node)";
    }
};

subtest 'a signed-in reader uses the cache too' => sub {
    my $hits = sub {
        metric('devtalk_cache_zone_hits_total', node => 1) + metric('devtalk_cache_redis_hits_total', node => 1)
    };
    $bob->article($articles[1]);
    my $before = $hits->();
    $bob->article($articles[1]) for 1 .. 10;
    cmp_ok $hits->() - $before, '>=', 10, 'ten hits for ten reads';
};

subtest 'and no statement, once his own set is cached' => sub {
    my $count = sub ($what) { metric("devtalk_cache_${what}_total") };
    my $own   = sub ($node) {
        my ($first) = grep { $_->{slug} eq $articles[0]{slug} }
            @{$bob->on($node)->get('/api/articles')->is(200)->json->{articles}};
        return $first->{favorited} && $marks->($bob->on($node), $articles[0]) eq '10';
    };

    # The events of what was done above still mark the front page.
    eventually 'four reads find two values each, and nothing is missing', 10, sub {
        my ($hits, $misses) = map { $count->($_) } 'zone_hits', 'misses';
        my $right = grep { $own->($_) } 1, 2;
        $right == 2 && $count->('zone_hits') == $hits + 8 && $count->('misses') == $misses;
    };
};

subtest 'a reader with too many to keep' => sub {
    my $dora = signed_in('dora');
    my ($dora_id) = pg()->selectrow_array('select id from auth.users where username = ?', undef, $dora->username);
    pg()->do('insert into articles.follows (follower_id, author_id) select ?, n from generate_series(-4200, -1) as n', undef, $dora_id);
    $dora->follow($anna);
    $dora->favorite($articles[3]);
    for my $node (1, 2) {
        is $marks->($dora->on($node), $articles[3]), '11', "sees both (node $node)";
        is $marks->($dora->on($node), $articles[2]), '01', "and what is only followed (node $node)";
        is $front->($dora->on($node)), '01 01 01 11 01 00', "on the front page (node $node)";
    }
    $dora->delete("/api/articles/$articles[3]{slug}/favorite")->is(200);
    is $marks->($dora->on($_), $articles[3]), '01', "and what was taken away (node $_)" for 1, 2;

    $bob->comment($articles[3]);
    $anna->comment($articles[3]);
    my %following = map { $_->{author}{username} => $_->{author}{following} } @{$dora->comments($articles[3])};
    is_deeply \%following, {$bob->username => false, $anna->username => true}, 'among comments too';
};

finish();
