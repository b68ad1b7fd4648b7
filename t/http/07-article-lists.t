use lib 't/lib';
use DevTalk::Test;

# Lists of articles: filters, pages, the feed.

my ($anna, $bob, $carol) = map { signed_in($_) } qw(anna bob carol);
my $tag   = unique('tag');
my @made  = map { $anna->publish(title => unique("Part $_"), tagList => [$tag]) } 1 .. 7;
my @slugs = map { $_->{slug} } reverse @made;

my $list = sub ($query, $client = anybody()) {
    $client->get('/api/articles', query => $query)->is(200)
};
my $slugs = sub ($reply) { [map { $_->{slug} } @{$reply->json->{articles}}] };

# Follows the Link headers to the end.
my $walk = sub ($client, $path, $query) {
    my ($reply, @pages) = $client->get($path, query => $query)->is(200);
    for (1 .. 50) {
        push @pages, $slugs->($reply);
        my $next = $reply->next_page or last;
        $reply = $client->get($next)->is(200);
    }
    return \@pages;
};

subtest 'the front page' => sub {
    my $reply = $list->({});
    cmp_ok scalar(@{$reply->json->{articles}}), '<=', 20, 'has 20 articles at most';
    my @created = map { $_->{createdAt} } @{$reply->json->{articles}};
    is_deeply \@created, [reverse sort @created], 'the newest first';
    cmp_ok $reply->json->{articlesCount}, '>=', 7, 'and counts all of them';

    my $newest = $bob->publish;
    for my $node (1, 2) {
        my $first = $list->({}, anybody($node))->json->{articles};
        ok((grep { $_->{slug} eq $newest->{slug} } @$first), "node $node shows a new one at once");
    }
};

subtest 'an article in a list' => sub {
    my ($article) = @{$list->({tag => $tag, limit => 1})->json->{articles}};
    my $whole = anybody()->article($article);
    delete $whole->{body};
    is_deeply $article, $whole, 'is the article without its body';
};

subtest 'filters' => sub {
    is_deeply $slugs->($list->({tag => $tag})), \@slugs, 'by tag';
    is_deeply $slugs->($list->({author => $anna->username})), \@slugs, 'by author';

    $bob->favorite($made[$_]) for 1, 5, 3;
    my $favorited = $list->({favorited => $bob->username});
    is_deeply [sort @{$slugs->($favorited)}], [sort map { $made[$_]{slug} } 1, 3, 5],
        'by who favorited it';
    is $favorited->json->{articlesCount}, 3, 'with their number';

    my $both = $list->({tag => $tag, author => $bob->username});
    is_deeply $both->json, {articles => [], articlesCount => 0}, 'two together: both must fit';
    is_deeply $slugs->($list->({tag => $tag, favorited => $bob->username, author => $anna->username})),
        $slugs->($favorited), 'three';
    is_deeply $list->({$_ => unique('nobody')})->json, {articles => [], articlesCount => 0},
        "$_: nothing fits" for qw(tag author favorited);
};

subtest 'pages by limit and offset' => sub {
    my $page = sub ($limit, $offset) { $slugs->($list->({tag => $tag, limit => $limit, offset => $offset})) };

    is_deeply $page->(3, 0), [@slugs[0 .. 2]], 'the first';
    is_deeply $page->(3, 3), [@slugs[3 .. 5]], 'the second';
    is_deeply $page->(3, 6), [$slugs[6]],      'the last';
    is_deeply $page->(3, 9), [],               'behind it';
    is_deeply $page->(100, 0), \@slugs,        'all on one';
    is $list->({tag => $tag, limit => 2})->json->{articlesCount}, 7, 'the count is of all pages';
};

subtest 'pages by cursor' => sub {
    for my $limit (1, 2, 3, 6, 7, 8) {
        my $pages = $walk->(anybody(), '/api/articles', {tag => $tag, limit => $limit});
        is_deeply [map {@$_} @$pages], \@slugs, "each article once, $limit a page";
        cmp_ok scalar(@$pages), '<=', int(7 / $limit) + 1, 'no needless page';
    }

    my $first = $list->({tag => $tag, limit => 3});
    my $late  = $anna->publish(tagList => [$tag]);
    is_deeply $slugs->(anybody()->get($first->next_page)->is(200)), [@slugs[3 .. 5]],
        'a new article does not shift the pages';
    $anna->delete("/api/articles/$late->{slug}")->is(204);

    is_deeply [map {@$_} @{$walk->(anybody(), '/api/articles', {author => $anna->username, limit => 3})}],
        \@slugs, 'of an author';
    my $favorited = $slugs->($list->({favorited => $bob->username}));
    is_deeply [map {@$_} @{$walk->(anybody(), '/api/articles', {favorited => $bob->username, limit => 1})}],
        $favorited, 'of favorites';
    ok !$list->({tag => $tag})->next_page, 'a page with all of them has no next one';
    is_deeply $slugs->(anybody(2)->get($list->({limit => 5})->next_page)->is(200)),
        $slugs->($list->({limit => 5, offset => 5})), 'of all articles, on the other node';
};

subtest 'the feed' => sub {
    my $feed = sub (%query) { $carol->get('/api/articles/feed', query => \%query)->is(200) };

    anybody()->get('/api/articles/feed')->refused(401, token => 'is missing');
    is_deeply $feed->()->json, {articles => [], articlesCount => 0}, 'is empty at first';

    $carol->follow($anna);
    is_deeply $slugs->($feed->()), \@slugs, 'has the articles of those she follows';
    is $feed->()->json->{articlesCount}, 7, 'and their number';
    is_deeply [map { $_->{author}{following} } @{$feed->()->json->{articles}}], [(true) x 7],
        'and says that she follows them';

    my $dave = signed_in('dave');
    my $one  = $dave->publish;
    $carol->follow($dave);
    is_deeply $slugs->($feed->()), [$one->{slug}, @slugs], 'of all of them, the newest first';
    is_deeply $slugs->($feed->(limit => 2, offset => 1)), [@slugs[0, 1]], 'limit and offset';
    is_deeply [map {@$_} @{$walk->($carol, '/api/articles/feed', {limit => 3})}],
        [$one->{slug}, @slugs], 'by cursor';

    $carol->favorite($one);
    is $feed->()->json->{articles}[0]{favorited}, true, 'what she favorited is marked';

    $carol->delete('/api/profiles/' . $anna->username . '/follow')->is(200);
    is_deeply $slugs->($feed->()), [$one->{slug}], 'and no longer of those she left';
};

subtest 'who reads sees their own marks' => sub {
    my $query = {tag => $tag, limit => 1};
    $bob->favorite($made[6]);
    $bob->follow($anna);
    my ($his)     = @{$list->($query, $bob)->json->{articles}};
    my ($carols)  = @{$list->($query, $carol)->json->{articles}};
    my ($nobodys) = @{$list->($query)->json->{articles}};

    is_deeply [$his->{favorited}, $his->{author}{following}], [true, true], 'his';
    is_deeply [$_->{favorited}, $_->{author}{following}], [false, false], 'not others'
        for $carols, $nobodys;
    is $carols->{favoritesCount}, 1, 'but all see the number';
};

subtest 'changes show' => sub {
    my $changed = $anna->edit($made[0], title => unique('New title'), tagList => ['other']);
    is_deeply $slugs->($list->({tag => $tag})), [@slugs[0 .. 5]], 'a tag less';
    is $list->({tag => $tag})->json->{articlesCount}, 6, 'and counted';
    ok((grep { $_ eq $changed->{slug} } @{$slugs->($list->({author => $anna->username}))}), 'the new slug');
    $anna->delete("/api/articles/$changed->{slug}")->is(204);
    is $list->({author => $anna->username})->json->{articlesCount}, 6, 'one less';
};

subtest 'what is absurd' => sub {
    for my $path ('/api/articles', '/api/articles/feed') {
        for my $query ({limit => 0}, {limit => 101}, {limit => -1}, {limit => 'x'},
            {limit => '1.5'}, {limit => '9' x 40}, {limit => '1e3'},
            {offset => -1}, {offset => 10_001}, {offset => 'x'}, {offset => '9' x 40})
        {
            my ($field) = keys %$query;
            my $reply = $carol->get($path, query => $query)->is(422, "$path $field=$query->{$field}");
            ok $reply->json->{errors}{$field}, "says $field";
        }
        for my $cursor ('x', '====', 'A' x 500, "\x{0}", '../..') {
            $carol->get($path, query => {cursor => $cursor})
                ->refused(400, cursor => 'is invalid');
        }
        $carol->get($path, query => {unknown => 'x'})->is(200, 'unknown words are ignored');
        $carol->get($path, query => {limit => '', offset => '', cursor => ''})
            ->is(200, 'an empty value is none, as forms send it');
    }
};

finish();
