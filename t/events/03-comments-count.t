use lib 't/lib';
use DevTalk::Test;

# What one service learns from another's events.

my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $count = sub ($article, $node = 1) { anybody($node)->article($article)->{commentsCount} };
my $pg    = pg();

subtest 'the number of comments' => sub {
    my $article = $anna->publish;
    my @made    = map { $bob->on($_ % 2 + 1)->comment($article, "Comment $_") } 1 .. 12;
    eventually "node $_ counts 12", 10, sub { $count->($article, $_) == 12 } for 1, 2;

    $bob->put("/api/articles/$article->{slug}/comments/$made[0]{id}", {comment => {body => 'x'}})->is(200);
    $bob->delete("/api/articles/$article->{slug}/comments/$_->{id}")->is(204) for @made[0 .. 4];
    eventually "node $_ counts 7", 10, sub { $count->($article, $_) == 7 } for 1, 2;

    my ($listed) = @{anybody()->get('/api/articles', query => {author => $anna->username})->json->{articles}};
    is $listed->{commentsCount}, 7, 'in lists too';
    eventually 'on the front page', 5, sub {
        my ($seen) = grep { $_->{slug} eq $article->{slug} }
            @{anybody(2)->get('/api/articles', query => {limit => 100})->json->{articles}};
        $seen && $seen->{commentsCount} == 7;
    };
    is $article->{updatedAt}, anybody()->article($article)->{updatedAt}, 'a comment is no change of the article';
};

subtest 'many at once' => sub {
    my $article  = $anna->publish;
    my @promises = map { $bob->on($_ % 2 + 1)->request_p(POST => "/api/articles/$article->{slug}/comments",
        {comment => {body => "Comment $_"}}) } 1 .. 40;
    my %status;
    $_->then(sub ($reply) { $status{$reply->status}++ })->wait for @promises;
    is_deeply \%status, {201 => 40}, '40 comments';
    eventually 'are counted', 15, sub { $count->($article) >= 40 };
    is $count->($article, $_), 40, "each once (node $_)" for 1, 2;
};

subtest 'a deleted article takes its comments along' => sub {
    my $article = $anna->publish;
    $bob->comment($article, "Comment $_") for 1 .. 5;
    my ($id) = $pg->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug});
    my $left = sub { ($pg->selectrow_array('select count(*) from comments.comments where article_id = ?', undef, $id))[0] };

    is $left->(), 5, 'five are there';
    $anna->delete("/api/articles/$article->{slug}")->is(204);
    anybody($_)->get("/api/articles/$article->{slug}/comments")->refused(404, article => 'not found') for 1, 2;
    $bob->post("/api/articles/$article->{slug}/comments", {comment => {body => 'x'}})
        ->refused(404, article => 'not found');
    eventually 'and are gone', 10, sub { $left->() == 0 };
};

subtest 'comments that race with the deletion' => sub {
    for my $round (1 .. 5) {
        my $article = $anna->publish;
        my ($id) = $pg->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug});
        my @promises = map { $bob->on($_ % 2 + 1)->request_p(POST => "/api/articles/$article->{slug}/comments",
            {comment => {body => "Comment $_"}}) } 1 .. 10;
        push @promises, $anna->request_p(DELETE => "/api/articles/$article->{slug}");
        my %status;
        $_->then(sub ($reply) { $status{$reply->status}++ })->wait for @promises;
        is_deeply [grep { !/^(?:201|204|404)$/ } keys %status], [], "round $round: " . join ', ', map {"$_: $status{$_}"} sort keys %status;
        eventually 'none is left behind', 10, sub {
            !($pg->selectrow_array('select count(*) from comments.comments where article_id = ?', undef, $id))[0]
        };
    }
};

finish();
