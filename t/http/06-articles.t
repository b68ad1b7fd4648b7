use lib 't/lib';
use DevTalk::Test;

# Publishing, reading, changing and deleting an article.

my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));

subtest 'publishing' => sub {
    my $title   = unique('How to train your dragon');
    my $article = $anna->publish(title => $title, description => 'Ever wonder how?',
        body => "It takes a *Jacobian*\n", tagList => ['training', 'dragons']);

    is $article->{slug}, lc($title) =~ s/ /-/gr, 'the slug is made from the title';
    is $article->{title}, $title, 'title';
    is $article->{description}, 'Ever wonder how?', 'description';
    is $article->{body}, "It takes a *Jacobian*\n", 'body, as it came';
    is_deeply $article->{tagList}, ['dragons', 'training'], 'tags are sorted';
    is $article->{favorited}, false, 'nobody has favorited it';
    is $article->{favoritesCount}, 0, 'not once';
    is $article->{commentsCount}, 0, 'nor said anything';
    is $article->{createdAt}, $article->{updatedAt}, 'created and not updated';
    is_deeply $article->{author}, {username => $anna->username, bio => undef,
        image => undef, following => false}, 'the author';

    is_deeply anybody($_)->article($article), $article, "node $_ shows the same"
        for 1, 2;
    anybody(2)->head("/api/articles/$article->{slug}")->is(200, 'HEAD too');
};

subtest 'tags' => sub {
    my $tag = unique('tag');
    is_deeply $anna->publish(tagList => [$tag, $tag, " $tag "])->{tagList}, [$tag],
        'equal ones are one';
    is_deeply $anna->publish(tagList => [$tag, '', ' '])->{tagList}, [$tag], 'blank ones are none';
    is_deeply $anna->publish(tagList => [])->{tagList}, [], 'none';
    is_deeply $anna->publish->{tagList}, [], 'not even the word';
    my @twenty = map { sprintf '%02d-%s', $_, $tag } 1 .. 20;
    is_deeply $anna->publish(tagList => [reverse @twenty])->{tagList}, \@twenty,
        'twenty';
};

subtest 'what breaks a rule' => sub {
    my %good = (title => 'x', description => 'x', body => 'x');
    my $post = sub (%change) { $anna->post('/api/articles', {article => {%good, %change}}) };

    for my $field (qw(title description body)) {
        my %article = %good;
        delete $article{$field};
        $anna->post('/api/articles', {article => \%article})
            ->refused(422, $field => "can't be blank");
        $post->($field => '')->refused(422, $field => "can't be blank");
        $post->($field => '   ')->refused(422, $field => "can't be blank");
        $post->($field => undef)->refused(422, $field => "can't be blank");
        $post->($field => 1)->refused(422, $field => 'must be a string');
    }

    $post->(title => 'я' x 201)->refused(422, title => 'is too long (maximum is 200 characters)');
    $post->(description => 'x' x 1001)
        ->refused(422, description => 'is too long (maximum is 1000 characters)');
    $post->(body => 'x' x 200_001)
        ->refused(422, body => 'is too long (maximum is 200000 characters)');
    is $post->(tagList => ['x' x 51])->status, 422, 'a tag of 51 characters';
    is $post->(tagList => [1 .. 21])->status, 422, '21 tags, and numbers';
    is $post->(tagList => [map {"$_"} 1 .. 21])->status, 422, '21 tags';
    is $post->(tagList => 'x')->status, 422, 'no list';
    is $post->(tagList => [undef])->status, 422, 'a null';
    $anna->post('/api/articles', {})->refused(422, article => "can't be blank");
    $anna->post('/api/articles', {article => {}})->refused(422,
        map { ($_ => "can't be blank") } qw(title description body));
    anybody()->post('/api/articles', {article => {}})
        ->refused(401, token => 'is missing');
};

subtest 'the longest' => sub {
    my $body = 'я' x 200_000;
    my $article = $anna->publish(title => unique('я' x 180), description => 'я' x 1000,
        body => $body);
    is length anybody(2)->article($article)->{body}, 200_000, '200,000 characters of two bytes';
    $body = join '', map { chr(0x1F600 + $_ % 64) } 1 .. 200_000;
    $article = $anna->publish(body => $body);
    ok anybody(2)->article($article)->{body} eq $body, 'and of four';
};

subtest 'changing' => sub {
    my $article = $anna->publish(tagList => ['old']);
    my $changed = $anna->edit($article, body => 'Other words', description => 'New');

    is $changed->{body}, 'Other words', 'what is sent';
    is $changed->{description}, 'New', 'all of it';
    is $changed->{title}, $article->{title}, 'and nothing else';
    is $changed->{slug}, $article->{slug}, 'the slug stays with the title';
    is_deeply $changed->{tagList}, ['old'], 'tags too';
    is $changed->{createdAt}, $article->{createdAt}, 'created when it was';
    cmp_ok $changed->{updatedAt}, 'gt', $article->{updatedAt}, 'updated now';
    is_deeply anybody(2)->article($article), $changed, 'the other node shows it at once';

    is_deeply $anna->edit($article, tagList => ['b', 'a'])->{tagList}, ['a', 'b'], 'new tags';
    is_deeply $anna->put("/api/articles/$article->{slug}", {article => {tagList => []}})->is(200, 'an empty list')
        ->json->{article}{tagList}, [], 'removes them';

    my $put = sub (%change) { $anna->put("/api/articles/$article->{slug}", {article => \%change}) };
    $put->($_ => '')->refused(422, $_ => "can't be blank") for qw(title description body);
    $put->($_ => undef)->refused(422, $_ => "can't be blank") for qw(title description body);
    $put->(tagList => $_)->refused(422, tagList => 'must be an array of strings') for undef, 'x', {}, [1];
    is $put->()->status, 422, 'nothing to change';
    $anna->put("/api/articles/$article->{slug}", {})->refused(422, article => "can't be blank");
};

subtest "another's" => sub {
    my $article = $anna->publish;
    my $path    = "/api/articles/$article->{slug}";

    $bob->put($path, {article => {body => 'Mine now'}})
        ->refused(403, article => 'forbidden');
    $bob->delete($path)->refused(403, article => 'forbidden');
    anybody()->put($path, {article => {body => 'x'}})->refused(401, token => 'is missing');
    anybody()->delete($path)->refused(401, token => 'is missing');
    is_deeply anybody()->article($article), $article, 'is as before';
};

subtest 'what is not there' => sub {
    my $path = '/api/articles/' . unique('nothing');
    anybody()->get($path)->refused(404, article => 'not found');
    anybody(2)->get($path)->refused(404, article => 'not found');
    $anna->put($path, {article => {body => 'x'}})->refused(404, article => 'not found');
    $anna->delete($path)->refused(404, article => 'not found');
    anybody()->put($path, {article => {body => 'x'}})->refused(401, token => 'is missing');
    anybody()->delete($path)->refused(401, token => 'is missing');
};

subtest 'deleting' => sub {
    my $article = $anna->publish;
    my $path    = "/api/articles/$article->{slug}";
    anybody($_)->get($path)->is(200) for 1, 2;

    is $anna->delete($path)->is(204)->body, '', 'in silence';
    anybody($_)->get($path)->refused(404, article => 'not found') for 1, 2;
    $anna->delete($path)->refused(404, article => 'not found');

    my $again = $anna->publish(title => $article->{title});
    is $anna->article($again)->{body}, 'All of it', 'its title may be used again';
};

subtest 'a changed author shows in the article' => sub {
    my $carol   = signed_in('carol');
    my $article = $carol->publish;
    anybody($_)->article($article) for 1, 2;

    $carol->put('/api/user', {user => {bio => 'New words'}})->is(200);
    is anybody($_)->article($article)->{author}{bio}, 'New words', "on node $_" for 1, 2;
};

finish();
