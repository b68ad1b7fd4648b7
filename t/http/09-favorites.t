use lib 't/lib';
use DevTalk::Test;

# Favorites.

my ($anna, $bob, $carol) = map { signed_in($_) } qw(anna bob carol);
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}/favorite";
my $see     = sub ($client) { @{$client->article($article)}{qw(favorited favoritesCount)} };

subtest 'one reader' => sub {
    my $seen = $bob->post($path)->is(200)->json->{article};
    is_deeply [@$seen{qw(favorited favoritesCount)}], [true, 1], 'favorites it';
    is $seen->{body}, $article->{body}, 'and gets it whole';
    is $seen->{updatedAt}, $article->{updatedAt}, 'that is no change of the article';
    is_deeply [$see->($bob->on($_))], [true, 1], "and sees it on node $_" for 1, 2;
    is_deeply [$see->($carol->on($_))], [false, 1], "others see the number on node $_" for 1, 2;
    is_deeply [$see->(anybody($_))], [false, 1], "and so does anybody" for 1, 2;
    is_deeply [@{$bob->favorite($article)}{qw(favorited favoritesCount)}], [true, 1], 'twice is once';
};

subtest 'two' => sub {
    is $carol->favorite($article)->{favoritesCount}, 2, 'are counted';
    my $seen = $bob->delete($path)->is(200)->json->{article};
    is_deeply [@$seen{qw(favorited favoritesCount)}], [false, 1], 'one leaves';
    is_deeply [$see->($bob)], [false, 1], 'and sees it';
    is_deeply [$see->($carol)], [true, 1], 'the other stays';
    is $bob->delete($path)->is(200)->json->{article}{favoritesCount}, 1, 'twice is once';
};

subtest 'many at once' => sub {
    my $popular = $anna->publish;
    my @readers = map { signed_in("reader$_") } 1 .. 8;
    my @replies;
    my @promises = map {
        my $reader = $_;
        map { $reader->on($_ % 2 + 1)->request_p(POST => "/api/articles/$popular->{slug}/favorite") } 1 .. 3;
    } @readers;
    $_->then(sub ($reply) { push @replies, $reply->status })->wait for @promises;

    is_deeply \@replies, [(200) x 24], 'all are heard';
    is anybody($_)->article($popular)->{favoritesCount}, 8, "each is counted once (node $_)" for 1, 2;
};

subtest 'refused' => sub {
    for my $method (qw(post delete)) {
        anybody()->$method($path)->refused(401, token => 'is missing');
        anybody()->$method('/api/articles/' . unique('nothing') . '/favorite')
            ->refused(401, token => 'is missing');
        $bob->$method('/api/articles/' . unique('nothing') . '/favorite')
            ->refused(404, article => 'not found');
    }
};

subtest "one's own" => sub {
    is $anna->favorite($article)->{favorited}, true, 'may be favorited too';
};

finish();
