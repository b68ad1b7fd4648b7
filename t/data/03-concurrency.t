# What is counted and derived is exact after writers met on the same rows:
# favorites, tags, slugs, deletions, comments, repeated events.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Scratch;
use Test::More;

use constant { WRITERS => 8, ROUNDS => 600, USERS => 12, SLUGS => 6 };

my $db = Scratch->new->deploy;
$db->people(USERS);

my @pids;

for my $writer (1 .. WRITERS) {
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        srand($writer);
        exit(eval { write_some($writer); 1 } ? 0 : (warn($@), 1)[1]);
    }
    push @pids, $pid;
}

my @consumers = map { consumer($_) } 1 .. 2;

my $failed = 0;
for my $pid (@pids) {
    waitpid $pid, 0;
    $failed++ if $?;
}

is $failed, 0, 'every writer came to its end';

kill 'TERM', @consumers;
$failed = 0;
for my $pid (@consumers) {
    waitpid $pid, 0;
    $failed++ if $?;
}

is $failed, 0, 'so did the consumers';

my $root = $db->connect;
drain($db, $db->connect('articles'), $db->connect('comments'));

sub wrong {
    my ($name, $sql) = @_;

    my $rows = $root->selectall_arrayref($sql);
    is scalar @$rows, 0, $name
        or diag join "\n", map { join ' | ', map { $_ // 'null' } @$_ }
                           @$rows[0 .. ($#$rows > 9 ? 9 : $#$rows)];
}

cmp_ok $root->selectrow_array('SELECT count(*) FROM articles.articles'), '>',
    0, 'there are articles left';
cmp_ok $root->selectrow_array('SELECT count(*) FROM articles.favorites'), '>',
    0, 'and favorites';
cmp_ok $root->selectrow_array('SELECT count(*) FROM comments.comments'), '>',
    0, 'and comments';

wrong 'favorites_count is the number of favorites', q{
    SELECT a.id, a.favorites_count, count(f)
      FROM articles.articles a
      LEFT JOIN articles.favorites f ON f.article_id = a.id
     GROUP BY a.id
    HAVING a.favorites_count <> count(f)
};

wrong 'comments_count is the number of comments', q{
    SELECT a.id, a.comments_count, count(c)
      FROM articles.articles a
      LEFT JOIN comments.comments c ON c.article_id = a.id
     GROUP BY a.id
    HAVING a.comments_count <> count(c)
};

wrong 'no comment outlives its article', q{
    SELECT id, article_id
      FROM comments.comments
     WHERE article_id NOT IN (SELECT id FROM articles.articles)
};

wrong 'article_tags are the tags of the articles', q{
    (SELECT id, unnest(tags) COLLATE "C" AS tag FROM articles.articles
     EXCEPT SELECT article_id, tag FROM articles.article_tags)
     UNION ALL
    (SELECT article_id, tag FROM articles.article_tags
     EXCEPT SELECT id, unnest(tags) FROM articles.articles)
};

wrong 'counters count', q{
    WITH really (kind, key, n) AS (
        SELECT 'total', '', count(*) FROM articles.articles
         UNION ALL
        SELECT 'tag', tag, count(*) FROM articles.article_tags GROUP BY 2
         UNION ALL
        SELECT 'favorited', user_id::text, count(*)
          FROM articles.favorites GROUP BY 2
    ), counted AS (
        SELECT kind, key, sum(n) AS n
          FROM articles.counters
         GROUP BY kind, key
        HAVING sum(n) <> 0
    )
    SELECT kind, key, really.n, counted.n
      FROM really FULL JOIN counted USING (kind, key)
     WHERE coalesce(really.n, 0) <> coalesce(counted.n, 0)
};

wrong 'what an author has, and the newest of it', q{
    WITH really AS (
        SELECT DISTINCT ON (author_id)
               author_id, count(*) OVER (PARTITION BY author_id) AS n, id
          FROM articles.articles
         ORDER BY author_id, created_at DESC, id DESC
    )
    SELECT author_id, really.n, told.n, really.id, told.id
      FROM really FULL JOIN articles.author_articles told USING (author_id)
     WHERE coalesce(really.n, 0) <> coalesce(told.n, 0)
        OR really.id IS DISTINCT FROM told.id
};

wrong 'an article has its current slug among its slugs', q{
    SELECT a.id, a.slug
      FROM articles.articles a
     WHERE NOT EXISTS (SELECT FROM articles.article_slugs s
                        WHERE s.slug = a.slug AND s.article_id = a.id)
};

wrong q{an article's events are in the order of its changes}, q{
    SELECT * FROM (
        SELECT key, id, type, (data->>'version')::bigint AS version,
               lag((data->>'version')::bigint) OVER (PARTITION BY key
                                                     ORDER BY id) AS before
          FROM articles.outbox
         WHERE topic = 'devtalk.articles' AND data->>'version' IS NOT NULL)
        AS t
     WHERE version <= before
};

wrong 'so are the counts of its favorites', q{
    SELECT * FROM (
        SELECT key, id, type, (data->>'favoritesCount')::bigint AS n,
               lag((data->>'favoritesCount')::bigint, 1, 0)
                   OVER (PARTITION BY key ORDER BY id) AS before
          FROM articles.outbox
         WHERE type ~ 'favorited$') AS t
     WHERE n - before <> CASE WHEN type ~ 'unfavorited' THEN -1 ELSE 1 END
};

wrong 'the deletion is the last of them', q{
    SELECT d.key, d.id, o.id, o.type
      FROM articles.outbox d
      JOIN articles.outbox o ON o.topic = d.topic AND o.key = d.key
     WHERE d.type = 'dev.devtalk.article.deleted' AND o.id > d.id
};

wrong 'a comment is created before it is changed and removed once, at last',
q{
    SELECT data->>'id', array_agg(type ORDER BY id)
      FROM comments.outbox
     GROUP BY data->>'id'
    HAVING NOT string_agg(split_part(type, '.', 4), ' ' ORDER BY id)
               ~ '^created( updated)*( deleted)?$'
};

done_testing;


sub write_some {
    my ($writer) = @_;

    my $articles = $db->connect('articles');
    my $comments = $db->connect('comments');
    my @tags = qw(a b c d e);

    for my $round (1 .. ROUNDS) {
        my $user = 1 + int rand USERS;
        my $slug = 'slug-' . int rand SLUGS;
        my $other = "slug-$writer-$round";
        my $some = '{' . join(',', grep { rand() < 0.4 } @tags) . '}';
        my $dice = rand;

        my ($dbh, $service, $name, @values)
            = $dice < 0.20 ? ($articles, 'articles', 'article_create', $user,
                              $slug, $other, 'T', 'd', 'b', $some, undef)
            : $dice < 0.50 ? ($articles, 'articles', 'article_favorite',
                              $user, $slug, undef)
            : $dice < 0.60 ? ($articles, 'articles', 'article_unfavorite',
                              $user, $slug, undef)
            : $dice < 0.70 ? ($articles, 'articles', 'article_update',
                              author($articles, $slug), $slug, "T$round",
                              undef, undef, $some, 'slug-' . int rand SLUGS,
                              $other, undef)
            : $dice < 0.73 ? ($articles, 'articles', 'article_delete',
                              author($articles, $slug), $slug, undef)
            : $dice < 0.93 ? ($comments, 'comments', 'comment_create', $user,
                              $slug, 'body', undef)
            : $dice < 0.96 ? ($comments, 'comments', 'comment_update',
                              comment($comments, $slug), 'new', undef)
            :                ($comments, 'comments', 'comment_delete',
                              comment($comments, $slug), undef);

        next if eval { $db->row($dbh, $service, $name, @values); 1 };

        # The one race that is told to the client's code, which tries again.
        die $@ if $@ !~ /articles_slug_key/;
    }
}

sub author {
    my ($dbh, $slug) = @_;

    return scalar $dbh->selectrow_array(
        'SELECT author_id FROM public_articles WHERE slug = $1', undef, $slug)
        // 1;
}

sub comment {
    my ($dbh, $slug) = @_;

    my ($id, $author) = $dbh->selectrow_array(q{
        SELECT c.id, c.author_id
          FROM comments c
          JOIN articles a ON a.id = c.article_id
         WHERE a.slug = $1
         ORDER BY random()
         LIMIT 1}, undef, $slug);

    return ($author // 1, $slug, $id // 0);
}


# Two consumers get all events of both services, each event twice or more,
# while the writers write.

sub consumer {
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;

    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    my ($articles, $comments)
        = ($db->connect('articles'), $db->connect('comments'));
    my $done = eval {
        until ($stop) {
            drain($db, $articles, $comments);
            select undef, undef, undef, 0.05;
        }
        1;
    };
    warn $@ if !$done;
    exit($done ? 0 : 1);
}

sub drain {
    my ($db, $articles, $comments) = @_;

    for my $way ([$articles, 'articles', 'article_event', $comments,
                  'comments', 'devtalk.articles'],
                 [$comments, 'comments', 'comment_event', $articles,
                  'articles', 'devtalk.comments'])
    {
        my ($from, undef, $effect, $to, $service, $topic) = @$way;
        my $events = $from->selectall_arrayref(q{
            SELECT event_id, type, key, created_at, data
              FROM outbox
             WHERE topic = $1
             ORDER BY id}, undef, $topic);
        for my $event (@$events) {
            $db->row($to, $service, $effect, @$event);
        }
    }
}
