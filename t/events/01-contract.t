use lib 't/lib';
use DevTalk::Test;

use DevTalk::Events;

# Each kind of event, made by a request, as it comes out of Kafka: what
# docs/api/asyncapi.yaml says, and about what was done.

my $events = DevTalk::Events->start;
my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my %id = map {
    $_->username => pg()->selectrow_array('select id from auth.users where username = ?', undef, $_->username)
} $anna, $bob;
my ($a, $b) = map { $id{$_->username} } $anna, $bob;

my $came = sub ($topic, $type, %want) {
    my $event = $events->one($topic, type => $type, %want);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok $event, "$type came" or return {data => {}, headers => {}};
    is_deeply [$events->check($event)], [], 'and is as asyncapi.yaml says' or diag explain $event;
    return $event;
};

subtest 'users' => sub {
    my $event = $came->('devtalk.users', 'user.created', key => $a);
    is $event->{data}{id}, $a, 'the user';
    is $event->{data}{username}, $anna->username, 'by name';
    is $event->{headers}{ce_source}, '/devtalk/auth', 'told by auth';
    unlike $event->{payload}, qr/password|argon2|token/i, 'and no secrets';
    unlike $event->{payload}, qr/\@example/, 'nor addresses';

    $anna->put('/api/user', {user => {bio => 'Writes'}})->is(200);
    $event = $came->('devtalk.users', 'user.updated', key => $a);
    is $event->{data}{bio}, 'Writes', 'has what is new';

    $bob->follow($anna);
    $event = $came->('devtalk.users', 'user.followed', key => $a);
    is_deeply $event->{data}, {followerId => 0 + $b, authorId => 0 + $a}, 'who and whom';
    is $event->{headers}{ce_source}, '/devtalk/articles', 'told by articles';

    $bob->delete('/api/profiles/' . $anna->username . '/follow')->is(200);
    $event = $came->('devtalk.users', 'user.unfollowed', key => $a);
    is_deeply $event->{data}, {followerId => 0 + $b, authorId => 0 + $a}, 'who and whom';

    my $before = () = $events->all('devtalk.users', key => $a);
    $bob->delete('/api/profiles/' . $anna->username . '/follow')->is(200);
    $anna->put('/api/user', {user => {bio => 'The last'}})->is(200);
    $events->one('devtalk.users', key => $a, where => sub ($data) { ($data->{bio} // '') eq 'The last' });
    is scalar(() = $events->all('devtalk.users', key => $a)), $before + 1,
        'what changes nothing tells nothing';
};

my ($article, $article_id);

subtest 'articles' => sub {
    $article = $anna->publish(tagList => ['b', 'a']);
    ($article_id) = pg()->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug});

    my $event = $came->('devtalk.articles', 'article.created', key => $article_id);
    is $event->{data}{id}, $article_id, 'the article';
    is $event->{data}{$_}, $article->{$_}, $_ for qw(slug title description createdAt updatedAt);
    is_deeply $event->{data}{tagList}, ['a', 'b'], 'tags';
    is $event->{data}{authorId}, $a, 'its author';
    is $event->{headers}{ce_source}, '/devtalk/articles', 'told by articles';

    my $edited = $anna->edit($article, title => unique('New title'));
    $event = $came->('devtalk.articles', 'article.updated', key => $article_id);
    is $event->{data}{$_}, $edited->{$_}, $_ for qw(slug title updatedAt);
    $article = $edited;

    $bob->favorite($article);
    $event = $came->('devtalk.articles', 'article.favorited', key => $article_id);
    is $event->{data}{userId}, $b, 'who';
    is $event->{data}{favoritesCount}, 1, 'and how many now';

    $bob->delete("/api/articles/$article->{slug}/favorite")->is(200);
    $event = $came->('devtalk.articles', 'article.unfavorited', key => $article_id);
    is $event->{data}{favoritesCount}, 0, 'how many are left';
};

subtest 'comments' => sub {
    my $comment = $bob->comment($article, 'Well said');
    my $event   = $came->('devtalk.comments', 'comment.created', key => $article_id);
    is $event->{data}{id}, $comment->{id}, 'the comment';
    is $event->{data}{body}, 'Well said', 'its words';
    is $event->{data}{authorId}, $b, 'whose';
    is $event->{headers}{ce_source}, '/devtalk/comments', 'told by comments';

    my $path = "/api/articles/$article->{slug}/comments/$comment->{id}";
    $bob->put($path, {comment => {body => 'Or not'}})->is(200);
    $event = $came->('devtalk.comments', 'comment.updated', key => $article_id);
    is $event->{data}{body}, 'Or not', 'the new words';

    $bob->delete($path)->is(204);
    $event = $came->('devtalk.comments', 'comment.deleted', key => $article_id);
    is_deeply $event->{data}, {id => $comment->{id}, articleId => 0 + $article_id, authorId => 0 + $b}, 'which';
};

subtest 'deleting an article' => sub {
    my $comment = $bob->comment($article);
    $anna->delete("/api/articles/$article->{slug}")->is(204);
    my $event = $came->('devtalk.articles', 'article.deleted', key => $article_id);
    is $event->{data}{slug}, $article->{slug}, 'which';
    $event = $came->('devtalk.comments', 'comment.deleted', key => $article_id,
        where => sub ($data) { $data->{id} == $comment->{id} });
    is $event->{data}{authorId}, $b, 'its comments go, each with an event';
};

subtest 'traces' => sub {
    my $trace = join '', map { sprintf '%x', int rand 16 } 1 .. 32;
    my $reply = $anna->post('/api/articles', {article => {title => unique('Traced'), description => 'x', body => 'x'}},
        headers => {traceparent => "00-$trace-00f067aa0ba902b7-01"})->is(201);
    my $slug  = $reply->json->{article}{slug};
    my $event = $events->one('devtalk.articles', type => 'article.created', where => sub ($data) { $data->{slug} eq $slug });
    like $event->{headers}{traceparent}, qr/^00-$trace-[0-9a-f]{16}-01$/, 'of a request go on in its event';
};

subtest 'every message on the topics' => sub {
    for my $topic (qw(devtalk.users devtalk.articles devtalk.comments)) {
        my @events = $events->all($topic);
        my @wrong  = map { my $event = $_; map {"$event->{headers}{ce_type}: $_"} $events->check($event) } @events;
        is_deeply \@wrong, [], "$topic: all " . @events . ' are as asyncapi.yaml says';
    }
};

finish();
