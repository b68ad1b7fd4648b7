# Interleavings that chance does not find: one writer holds a row, another
# waits for it with the snapshot of its start, the first commits.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Scratch;
use Mojo::JSON qw(decode_json encode_json);
use POSIX ();
use Test::More;

my $db = Scratch->new->deploy;
$db->people(3);

my $articles = $db->connect('articles');
my $comments = $db->connect('comments');
my $event    = 0;

sub uuid { return sprintf '00000000-0000-4000-8000-%012d', ++$event }

sub article {
    my ($slug, $tags) = @_;

    $db->row($articles, 'articles', 'article_create', 1, $slug, "$slug-2",
        'Title', 'd', 'b', $tags // '{}', undef);
    return scalar $articles->selectrow_array(
        'SELECT id FROM articles WHERE slug = $1', undef, $slug);
}

# Sends a statement that is going to wait for a lock, from a process of its
# own, and returns when it waits.
sub start {
    my ($service, $name, @values) = @_;

    pipe my $in, my $out or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        my $dbh = $db->connect($service);
        $dbh->do('SET application_name = races');
        my $row = eval { $db->row($dbh, $service, $name, @values) }
            // { error => $@ };
        print $out encode_json($row);
        close $out;
        POSIX::_exit(0);
    }
    close $out;

    my $root = $db->connect;
    for (1 .. 500) {
        return { pid => $pid, in => $in } if $root->selectrow_array(q{
            SELECT count(*) FROM pg_stat_activity
             WHERE application_name = 'races' AND wait_event_type = 'Lock'});
        select undef, undef, undef, 0.01;
    }
    die "$name does not wait\n";
}

sub finish {
    my ($child) = @_;

    local $/;
    my $in = $child->{in};
    my $row = decode_json(<$in>);
    waitpid $child->{pid}, 0;
    return $row;
}


subtest 'a comment that waits while its article goes' => sub {
    my $id = article('going');
    $db->row($comments, 'comments', 'comment_create', 2, 'going', 'first',
        undef);

    $comments->begin_work;
    $comments->do('SELECT FROM threads WHERE article_id = $1 FOR UPDATE',
        undef, $id);
    my $waiting = start('comments', 'comment_create', 3, 'going',
        'second', undef);
    $db->row($articles, 'articles', 'article_delete', 1, 'going', undef);
    $db->row($comments, 'comments', 'article_event', uuid(),
        'dev.devtalk.article.deleted', $id, 'now', '{}');
    $comments->commit;

    is finish($waiting)->{outcome}, 'not_found:article',
        'finds no article';
    is $comments->selectrow_array(
        'SELECT count(*) FROM comments WHERE article_id = $1', undef, $id),
        0, 'and is not there';
};

subtest 'a deletion that waits for a comment' => sub {
    my $id = article('leaving');
    $db->row($comments, 'comments', 'comment_create', 2, 'leaving', 'first',
        undef);

    $comments->begin_work;
    $db->row($comments, 'comments', 'comment_create', 3, 'leaving', 'second',
        undef);
    $db->row($articles, 'articles', 'article_delete', 1, 'leaving', undef);
    my $waiting = start('comments', 'article_event', uuid(),
        'dev.devtalk.article.deleted', $id, 'now', '{}');
    $comments->commit;

    ok !finish($waiting)->{repeated}, 'has its effect';
    is $comments->selectrow_array(
        'SELECT count(*) FROM comments WHERE article_id = $1', undef, $id),
        0, 'on the comment that it could not see, too';
    is $comments->selectrow_array(q{
        SELECT string_agg(split_part(type, '.', 4), ' ' ORDER BY id)
          FROM outbox WHERE key = $1}, undef, $id),
        'created created deleted deleted', 'and tells of both';
};

subtest 'an edit that waits for another of the same article' => sub {
    my $id = article('edited', '{a,b}');

    $articles->begin_work;
    $db->row($articles, 'articles', 'article_update', 1, 'edited', undef,
        undef, undef, '{c,d}', undef, undef, undef);
    my $waiting = start('articles', 'article_update', 1, 'edited', undef,
        undef, undef, '{d,e}', undef, undef, undef);
    $articles->commit;

    is finish($waiting)->{outcome}, 'ok', 'is done';
    is_deeply $articles->selectcol_arrayref(
        'SELECT tag FROM article_tags WHERE article_id = $1 ORDER BY tag',
        undef, $id), [qw(d e)], 'and leaves nothing of the first behind';
    is_deeply $articles->selectall_arrayref(q{
        SELECT key, sum(n)
          FROM counters
         WHERE kind = 'tag' AND key IN ('a', 'b', 'c', 'd', 'e')
         GROUP BY key HAVING sum(n) <> 0 ORDER BY key}),
        [[qw(d 1)], [qw(e 1)]], 'nor in what is counted';
};

subtest 'a deletion that waits for a favorite' => sub {
    my $id = article('liked');

    $articles->begin_work;
    $db->row($articles, 'articles', 'article_favorite', 2, 'liked', undef);
    my $waiting = start('articles', 'article_delete', 1, 'liked', undef);
    $articles->commit;

    is finish($waiting)->{outcome}, 'ok', 'is done';
    is $articles->selectrow_array(q{
        SELECT sum(n) FROM counters WHERE kind = 'favorited' AND key = '2'}),
        0, 'and counts the favorite it could not see';
};

subtest 'two that favorite an article at once' => sub {
    article('twice');

    $articles->begin_work;
    $db->row($articles, 'articles', 'article_favorite', 2, 'twice', undef);
    my $waiting = start('articles', 'article_favorite', 3, 'twice',
        undef);
    $articles->commit;

    my $row = finish($waiting);
    like $row->{reply}, qr/"favorited":true,"favoritesCount":2,/,
        'the second sees both';
    like $row->{etag}, qr/^3-/, 'and the version of both';
};

subtest 'two that take one slug' => sub {
    $articles->begin_work;
    article('wanted');
    my $waiting = start('articles', 'article_create', 2, 'wanted',
        'wanted-2', 'T', 'd', 'b', '{}', undef);
    $articles->commit;

    like finish($waiting)->{error}, qr/articles_slug_key/,
        'the second is refused by the constraint that core knows';
    like $db->row($articles, 'articles', 'article_create', 2, 'wanted',
        'wanted-2', 'T', 'd', 'b', '{}', undef)->{reply},
        qr/"slug":"wanted-2"/, 'and gets the other slug when it tries again';
};

subtest 'the two newest articles of an author go at once' => sub {
    my $newest = sub {
        return scalar $articles->selectrow_array(q{
            SELECT a.slug
              FROM author_articles b
              LEFT JOIN articles a USING (author_id, created_at, id)
             WHERE b.author_id = 1});
    };
    article($_) for qw(oldest older newest);
    is $newest->(), 'newest', 'the one that was written last';

    $articles->begin_work;
    $db->row($articles, 'articles', 'article_delete', 1, 'newest', undef);
    is $newest->(), 'older', 'the next one takes its place';
    my $waiting = start('articles', 'article_delete', 1, 'older', undef);
    $articles->commit;

    is finish($waiting)->{outcome}, 'ok', 'which goes as well';
    is $newest->(), 'oldest', 'and leaves the place to the one behind it';
};

subtest 'one event that two consumers have' => sub {
    my $id = article('counted');
    my $uuid = uuid();
    my @event = ($uuid, 'dev.devtalk.comment.created', $id, 'now', '{}');

    $articles->begin_work;
    ok !$db->row($articles, 'articles', 'comment_event', @event)->{repeated},
        'the first applies it';
    my $waiting = start('articles', 'comment_event', @event);
    $articles->commit;

    ok finish($waiting)->{repeated}, 'the second knows that';
    is $articles->selectrow_array(
        'SELECT comments_count FROM articles WHERE id = $1', undef, $id), 1,
        'it is counted once';
};

done_testing;
