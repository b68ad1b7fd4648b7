use lib 't/lib';
use DevTalk::Test;

use DevTalk::Events;

# From Kafka an event may come twice; its effect comes once.

my $events = DevTalk::Events->start;
my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $pg     = pg();
my $id_of  = sub ($article) {
    ($pg->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug}))[0];
};
my $count  = sub ($article) { anybody()->article($article)->{commentsCount} };

# What comes behind it on its partition shows that a message was processed.
my $passed = sub ($article, $expected) {
    $bob->comment($article, 'The next');
    eventually 'the next event has passed', 10, sub { $count->($article) >= $expected + 1 };
    is $count->($article), $expected + 1, "and the count is $expected and one";
};

subtest 'the same comment event twice' => sub {
    my $article = $anna->publish;
    $bob->comment($article);
    eventually 'is counted', 10, sub { $count->($article) == 1 };

    my $event = $events->one('devtalk.comments', key => $id_of->($article), type => 'comment.created');
    $events->repeat($event) for 1 .. 5;
    is scalar(() = $events->at_least(6, 'devtalk.comments', id => $event->{headers}{ce_id})), 6, 'it is there six times';
    $passed->($article, 1);
};

subtest 'a deleted comment, told twice' => sub {
    my $article = $anna->publish;
    my @made    = map { $bob->comment($article, "Comment $_") } 1 .. 3;
    $bob->delete("/api/articles/$article->{slug}/comments/$made[0]{id}")->is(204);
    eventually 'two are left', 10, sub { $count->($article) == 2 };

    $events->repeat($events->one('devtalk.comments', key => $id_of->($article), type => 'comment.deleted')) for 1 .. 3;
    $passed->($article, 2);
};

subtest 'an old one behind newer ones' => sub {
    my $article = $anna->publish;
    $bob->comment($article, "Comment $_") for 1 .. 4;
    eventually 'four', 10, sub { $count->($article) == 4 };
    $events->repeat($_) for reverse $events->at_least(4, 'devtalk.comments', key => $id_of->($article));
    $passed->($article, 4);
};

subtest 'repetitions are counted' => sub {
    my ($name) = grep {/^devtalk_\w*event\w*repeat/} map {s/\{.*//r} keys %{metrics(1)};
    ok $name, 'there is a counter' or return;
    cmp_ok metric($name), '>=', 12, 'and it has seen them';
};

finish();
