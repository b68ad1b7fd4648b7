use lib 't/lib';
use DevTalk::Test;

# Comments.

my ($anna, $bob, $carol) = map { signed_in($_) } qw(anna bob carol);
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}/comments";
my $comment;

subtest 'commenting' => sub {
    is_deeply anybody()->comments($article), [], 'nobody has yet';
    $comment = $bob->comment($article, "Well *said*.\n");

    is $comment->{body}, "Well *said*.\n", 'the words, as they came';
    is $comment->{createdAt}, $comment->{updatedAt}, 'not updated';
    is_deeply $comment->{author}, {username => $bob->username, bio => undef,
        image => undef, following => false}, 'by him';
    is_deeply anybody($_)->comments($article), [$comment], "node $_ shows it at once" for 1, 2;
};

subtest 'several' => sub {
    my $second = $anna->comment($article, 'Thanks');
    my $third  = $carol->comment($article, 'Hm');
    is_deeply [sort map { $_->{id} } @{anybody()->comments($article)}],
        [sort map { $_->{id} } $comment, $second, $third], 'are all there';

    $carol->follow($bob);
    my ($his) = grep { $_->{id} == $comment->{id} } @{$carol->comments($article)};
    is $his->{author}{following}, true, 'a reader sees whom they follow';
    ($his) = grep { $_->{id} == $comment->{id} } @{anybody()->comments($article)};
    is $his->{author}{following}, false, 'and others do not';
};

subtest 'changing' => sub {
    my $changed = $bob->put("$path/$comment->{id}", {comment => {body => 'On second thought'}})
        ->is(200)->json->{comment};
    is $changed->{body}, 'On second thought', 'the words';
    is $changed->{id}, $comment->{id}, 'of the same comment';
    is $changed->{createdAt}, $comment->{createdAt}, 'made when it was';
    cmp_ok $changed->{updatedAt}, 'gt', $comment->{updatedAt}, 'and updated now';
    for my $node (1, 2) {
        my ($seen) = grep { $_->{id} == $comment->{id} } @{anybody($node)->comments($article)};
        is $seen->{body}, 'On second thought', "node $node shows it at once";
    }
};

subtest 'deleting' => sub {
    my $gone = $carol->comment($article, 'Never mind');
    $carol->delete("$path/$gone->{id}")->is(204);
    ok !(grep { $_->{id} == $gone->{id} } @{anybody($_)->comments($article)}), "it is gone on node $_" for 1, 2;
    $carol->delete("$path/$gone->{id}")->refused(404, comment => 'not found');
    $carol->put("$path/$gone->{id}", {comment => {body => 'x'}})->refused(404, comment => 'not found');
};

subtest "another's" => sub {
    for my $client ($carol, $anna) {
        $client->put("$path/$comment->{id}", {comment => {body => 'x'}})
            ->refused(403, comment => 'forbidden');
        $client->delete("$path/$comment->{id}")->refused(403, comment => 'forbidden');
    }
    anybody()->put("$path/$comment->{id}", {comment => {body => 'x'}})->refused(401, token => 'is missing');
    anybody()->delete("$path/$comment->{id}")->refused(401, token => 'is missing');
};

subtest 'what is not there' => sub {
    my $nothing = '/api/articles/' . unique('nothing') . '/comments';
    anybody()->get($nothing)->refused(404, article => 'not found');
    $bob->post($nothing, {comment => {body => 'x'}})->refused(404, article => 'not found');
    anybody()->post($nothing, {comment => {body => 'x'}})->refused(401, token => 'is missing');
    $bob->delete("$nothing/$comment->{id}")->refused(404, article => 'not found');

    for my $id (0, 999_999_999_999, '9' x 18) {
        $bob->delete("$path/$id")->refused(404, comment => 'not found');
    }
    for my $id ('x', '-1', '1.5', '9' x 40, '%20') {
        my $reply = $bob->delete("$path/$id");
        ok 4 == int $reply->status / 100, "a comment's id is no $id: " . $reply->status;
    }

    my $other = $anna->publish;
    $bob->delete("/api/articles/$other->{slug}/comments/$comment->{id}")
        ->refused(404, comment => 'not found');
    ok((grep { $_->{id} == $comment->{id} } @{anybody()->comments($article)}),
        "below another article it is not found, and stays");
};

subtest 'what breaks a rule' => sub {
    for my $method (qw(post put)) {
        my $where = $method eq 'post' ? $path : "$path/$comment->{id}";
        my $say   = sub ($body) { $bob->$method($where, {comment => {body => $body}}) };

        $say->($_)->refused(422, body => "can't be blank") for '', '  ', undef;
        $say->(7)->refused(422, body => 'must be a string');
        $say->('я' x 10_001)->refused(422, body => 'is too long (maximum is 10000 characters)');
        $say->('я' x 10_000)->is($method eq 'post' ? 201 : 200, '10,000 characters');
        $bob->$method($where, {comment => {}})->refused(422, body => "can't be blank");
        $bob->$method($where, {})->refused(422, comment => "can't be blank");
    }
};

subtest 'a changed author shows' => sub {
    my $dave = signed_in('dave');
    my $said = $dave->comment($article, 'Hello');
    anybody($_)->comments($article) for 1, 2;
    $dave->put('/api/user', {user => {bio => 'New words'}})->is(200);
    for my $node (1, 2) {
        my ($seen) = grep { $_->{id} == $said->{id} } @{anybody($node)->comments($article)};
        is $seen->{author}{bio}, 'New words', "on node $node";
    }
};

subtest 'a renamed article keeps its comments' => sub {
    my $renamed = $anna->edit($article, title => unique('Renamed'));
    ok((grep { $_->{id} == $comment->{id} } @{anybody($_)->comments($renamed)}), "on node $_") for 1, 2;
};

subtest 'pages' => sub {
    my $long  = $anna->publish;
    my $where = "/api/articles/$long->{slug}/comments";
    my @ids   = reverse map { $bob->comment($long, "Comment $_")->{id} } 1 .. 7;
    my $walk  = sub (%query) {
        my ($reply, @pages) = $carol->get($where, query => \%query)->is(200);
        for (1 .. 20) {
            push @pages, [map { $_->{id} } @{$reply->json->{comments}}];
            my $next = $reply->next_page or last;
            $reply = $carol->get($next)->is(200);
        }
        return \@pages;
    };

    is_deeply $walk->(), [\@ids], 'the newest first, few of them on one page';
    is_deeply $walk->(limit => 3), [[@ids[0 .. 2]], [@ids[3 .. 5]], [$ids[6]]], 'pages by cursor';
    is_deeply $walk->(limit => 7), [\@ids], 'no needless page';
    $carol->follow($bob);
    ok !(grep { !$_->{author}{following} } @{$carol->get($where, query => {limit => 3})->json->{comments}}),
        'on pages too a reader sees whom they follow';

    $carol->get($where, query => {limit => $_})->is(422, "limit=$_") for 0, -1, 251, 'x';
    $carol->get($where, query => {cursor => 'x'})->refused(400, cursor => 'is invalid');

    my @many = map { $bob->on($_ % 2 + 1)->comment($long, "More $_")->{id} } 1 .. 250;
    my $pages = $walk->();
    is scalar(@{$pages->[0]}), 250, 'of many the first 250';
    is_deeply [map {@$_} @$pages], [reverse(@many), @ids], 'and the others behind them';
};

finish();
