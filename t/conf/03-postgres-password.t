use lib 't/lib';
use DevTalk::Test;

use File::Temp qw(tempdir);
use Mojo::File qw(path);

use DevTalk::Node;

# A role's password with all that libpq would take for the end of it.

my $PASSWORD = q{it's a \ "word" = ' \\' of host=nowhere};
my $file     = path(tempdir(CLEANUP => 1), 'password')->spurt("$PASSWORD\nnot this line\n");
my $right    = path(home(), 'secrets', 'comments')->slurp =~ s/\n.*//sr;

my $password = sub ($word) {
    my $pg = pg();
    $pg->do('alter role devtalk_comments password ' . $pg->quote($word));
};

my $anna    = signed_in('anna');
my $article = $anna->publish;
my $changed = 0;

END { local $?; $password->($right) if $changed }

subtest 'odd characters' => sub {
    $password->($PASSWORD);
    $changed = 1;
    my $node = DevTalk::Node->run(1, edit => sub ($conf) {
        return $conf =~ s{password_file=\S+/comments;}{password_file=$file;}r;
    });

    my $comment = $anna->comment($article, 'said with the new password');
    is anybody(1)->get("/api/articles/$article->{slug}/comments")->is(200)
        ->json->{comments}[0]{body}, 'said with the new password', 'the service works';

    $password->($right);
    $changed = 0;
};

subtest 'another password' => sub {
    # Whoever is being let in right now would stay.
    for my $node (1, 2) {
        eventually "node $node has all its connections", 10, sub {
            metric('devtalk_postgres_connections_ready', node => $node) == metric('devtalk_postgres_connections', node => $node)
        };
    }
    $password->('another');
    $changed = 1;
    pg()->do(q{select pg_terminate_backend(pid) from pg_stat_activity
        where usename = 'devtalk_comments'});

    my $path = "/api/articles/$article->{slug}";
    for my $node (1, 2) {
        eventually("node $node says that it is not ready", 5,
            sub { anybody($node)->get('/ready')->status == 503 });
        my $reply = anybody($node)->get("$path/comments?limit=1");
        is $reply->status, 503, 'comments are away';
        ok $reply->header('Retry-After'), 'with a time to come back';
        anybody($node)->get($path)->is(200, 'other services answer');
    }

    my @log = log_lines();
    ok scalar(grep {/password authentication failed/} @log), 'the log says why';
    is scalar(grep {/\Q$right\E/ || /\Q$PASSWORD\E/} @log), 0, 'without a password';

    $password->($right);
    $changed = 0;
    eventually("node $_ is ready again", 10, sub { whole($_) }) for 1, 2;
    is scalar @{anybody(2)->comments($article)}, 1, 'and the comment is there';
};

finish();
