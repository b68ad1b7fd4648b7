use lib 't/lib';
use DevTalk::Test;

use DevTalk::Events;

# What goes with a deleted user: articles, favorites, follows and comments,
# each with its event, and every count is exact afterwards.

my $events = DevTalk::Events->start;
my $pg     = pg();
my ($anna, $bob, $carol) = (signed_in('anna'), signed_in('bob'), signed_in('carol'));
my $id_of = sub ($user) {
    ($pg->selectrow_array('select id from auth.users where username = ?', undef, $user->username))[0]
};
my $article_id = sub ($article) {
    ($pg->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug}))[0]
};
my $n = sub ($sql, @bind) { ($pg->selectrow_array("select count(*) from $sql", undef, @bind))[0] };

my $user = $id_of->($anna);
my $tag  = unique('tag');
my @own  = map { $anna->publish(tagList => [$tag]) } 1 .. 3;
my $bobs = $bob->publish(tagList => [$tag]);
my ($own_id, $bobs_id) = map { $article_id->($_) } $own[0], $bobs;

$anna->favorite($_) for $bobs, $own[0];
$carol->favorite($_) for $bobs, $own[0];
$anna->follow($bob);
$carol->follow($anna);
$anna->comment($bobs, "Comment $_") for 1 .. 3;
$carol->comment($bobs, 'stays');
$carol->comment($own[0], 'goes with the article');
eventually 'all is counted', 10, sub {
    anybody()->article($bobs)->{commentsCount} == 4 && anybody()->article($own[0])->{commentsCount} == 1
};

$anna->delete('/api/user')->is(204);

subtest 'the events' => sub {
    my $event = $events->one('devtalk.users', type => 'user.deleted', key => $user);
    ok $event, 'user.deleted came';
    is_deeply [$events->check($event)], [], 'and is as asyncapi.yaml says' or diag explain $event;
    is_deeply $event->{data}, {id => 0 + $user, username => $anna->username}, 'who';
    is $event->{headers}{ce_source}, '/devtalk/auth', 'told by auth';

    my @gone = $events->at_least(3, 'devtalk.articles', type => 'article.deleted',
        where => sub ($data) { $data->{authorId} == $user });
    is_deeply [sort map { $_->{data}{slug} } @gone], [sort map { $_->{slug} } @own], 'article.deleted of each article';

    $event = $events->one('devtalk.articles', type => 'article.unfavorited', key => $bobs_id);
    is_deeply [@{$event->{data}}{qw(userId favoritesCount)}], [0 + $user, 1], 'article.unfavorited of what was liked';

    @gone = $events->at_least(3, 'devtalk.comments', type => 'comment.deleted', key => $bobs_id);
    is scalar(@gone), 3, 'comment.deleted of each comment';
    ok $events->one('devtalk.comments', type => 'comment.deleted', key => $own_id), 'and of those on the articles';
    is_deeply [map { $events->check($_) } $events->all($_)], [], "$_ is as asyncapi.yaml says"
        for qw(devtalk.articles devtalk.comments);
};

subtest 'what others see' => sub {
    for my $node (1, 2) {
        eventually "node $node counts right", 10, sub {
            my $article = anybody($node)->article($bobs);
            $article->{commentsCount} == 1 && $article->{favoritesCount} == 1;
        };
        is_deeply [map { $_->{body} } @{anybody($node)->comments($bobs)}], ['stays'], 'the comments of others stay';
        my $list = anybody($node)->get('/api/articles', query => {tag => $tag})->is(200)->json;
        is $list->{articlesCount}, 1, 'the tag has one article';
        is_deeply [map { $_->{slug} } @{$list->{articles}}], [$bobs->{slug}], 'of the one who stays';
        is_deeply $carol->on($node)->get('/api/articles/feed')->is(200)->json,
            {articles => [], articlesCount => 0}, 'nothing is left in the feed';
        is $carol->on($node)->get('/api/articles', query => {favorited => $carol->username})->json->{articlesCount}, 1,
            'nor among the favorites';
    }
};

subtest 'what the database keeps' => sub {
    is $n->('articles.articles where author_id = ?', $user), 0, 'no article';
    is $n->('articles.favorites where user_id = ? or article_id = ?', $user, $own_id), 0, 'no favorite';
    is $n->('articles.follows where ? in (follower_id, author_id)', $user), 0, 'no follow';
    is $n->('comments.comments where author_id = ? or article_id = ?', $user, $own_id), 0, 'no comment';
    is $n->(q{articles.counters where kind = 'favorited' and key = ? and n <> 0}, $user), 0, 'no count';
    is $n->(q{articles.author_articles where author_id = ? and (n <> 0 or id is not null)}, $user), 0, 'nothing that was the newest';
};

subtest 'writes that race with it' => sub {
    for my $round (1 .. 6) {
        my $dora = signed_in('dora');
        my $dora_id = $id_of->($dora);
        my $target = $bob->publish;
        my $likes = sub ($node) { $dora->on($node)->request_p(POST => "/api/articles/$target->{slug}/favorite") };
        my $says = sub ($node) {
            $dora->on($node)->request_p(POST => "/api/articles/$target->{slug}/comments", {comment => {body => 'x'}})
        };
        my $writes = sub ($node) { $dora->on($node)->request_p(POST => '/api/articles',
            {article => {title => unique('Late'), description => 'x', body => 'x'}}) };

        my @promises = map { my $node = $_; map { $_->($node) } $likes, $says, $writes } 1, 2, 1;
        push @promises, $dora->request_p(DELETE => '/api/user');
        push @promises, map { my $node = $_; map { $_->($node) } $says, $writes, $likes } 2, 1, 2;
        my %status;
        $_->then(sub ($reply) { $status{$reply->status}++ })->wait for @promises;
        is_deeply [grep { !/^(?:200|201|204|401)$/ } keys %status], [],
            "round $round: " . join ', ', map {"$_: $status{$_}"} sort keys %status;

        eventually 'both services know', 10, sub {
            2 == grep { $n->("$_.departures where user_id = ?", $dora_id) } qw(articles comments)
        };
        is $n->('articles.articles where author_id = ?', $dora_id), 0, 'no article is left behind';
        is $n->('articles.favorites where user_id = ?', $dora_id), 0, 'no favorite';
        is $n->('comments.comments where author_id = ?', $dora_id), 0, 'no comment';
        eventually 'the counts are none', 10, sub {
            my $article = anybody()->article($target);
            $article->{favoritesCount} == 0 && $article->{commentsCount} == 0;
        };
    }
};

subtest 'who writes after the departure is refused' => sub {
    my $emil = signed_in('emil');
    my $emils_id = $id_of->($emil);
    $pg->do("insert into $_.departures (user_id) values (?)", undef, $emils_id) for qw(articles comments);
    $emil->post('/api/articles', {article => {title => unique('Late'), description => 'x', body => 'x'}})->is(401);
    $emil->post("/api/articles/$bobs->{slug}/favorite")->is(401);
    $emil->post('/api/profiles/' . $bob->username . '/follow')->is(401);
    $emil->post("/api/articles/$bobs->{slug}/comments", {comment => {body => 'x'}})->is(401);
};

finish();
