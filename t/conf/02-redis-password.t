use lib 't/lib';
use DevTalk::Test;

use File::Temp qw(tempdir);
use Mojo::File qw(path);

use DevTalk::Node;

# A Redis with a password: the node's two connections, for commands and for
# what is published, both say it.  One with another password is of no use: the
# node goes on without, until the password is right again.

my $PASSWORD = q{it's a "word" with \ and #};
my $file     = path(tempdir(CLEANUP => 1), 'password')->spurt("$PASSWORD\n");

my $password = sub ($word) {
    redis('config', 'set', 'requirepass', $word);
    $ENV{REDISCLI_AUTH} = $word;
};

# Connections that are there stay what they are; these ends them.
my $hang_up = sub { redis('client', 'kill', 'type', $_) for qw(normal pubsub) };

my $state = sub ($node) { anybody($node)->get('/ready')->json->{status} };

END { local $?; $password->('') if $ENV{REDISCLI_AUTH} }

my $anna = signed_in('anna');
my $node;

subtest 'the right password' => sub {
    $password->($PASSWORD);
    $node = DevTalk::Node->run(1, edit => sub ($conf) {
        return $conf =~ s/(devtalk_redis[^;]*);/$1 password_file=$file;/r;
    });
    is $state->(1), 'ready', 'node 1 has Redis';

    my $article = $anna->publish;
    for my $round (1 .. 20) {
        my ($writer, $reader) = $round % 2 ? (1, 2) : (2, 1);
        anybody($_)->get("/api/articles/$article->{slug}")->is(200) for 1, 2;
        $anna->on($writer)->edit($article, body => "Version $round");
        my $seen = anybody($reader)->get("/api/articles/$article->{slug}")->json->{article}{body};
        $seen eq "Version $round" or is $seen, "Version $round", 'an edit shows on the other node';
    }
    pass 'edits show on the other node at once';
};

subtest 'another password' => sub {
    $password->('another');
    $hang_up->();
    eventually("node $_ has no Redis", 5, sub { $state->($_) eq 'degraded' }) for 1, 2;

    my $article = $anna->on(1)->publish(body => 'One');
    is anybody(2)->get("/api/articles/$article->{slug}")->is(200)->json->{article}{body},
        'One', 'reads and writes go on';
    $anna->edit($article, body => 'Two');
    is anybody(2)->get("/api/articles/$article->{slug}")->is(200)->json->{article}{body},
        'Two', 'and are true';

    my @said = grep {/Redis is of no use: (?:WRONGPASS|NOAUTH)/} log_lines();
    ok @said >= 1, 'the log says why';
    ok @said <= 4, 'once in each worker, ' . @said . ' times';
};

subtest 'the right one again' => sub {
    $password->($PASSWORD);
    eventually('node 1 has Redis again', 10, sub { $state->(1) eq 'ready' });
    is $state->(2), 'degraded', 'node 2, which knows no password, has not';

    $password->('');
    eventually('node 2 neither, once there is none', 10, sub { $state->(2) eq 'ready' });
};

undef $node;
eventually("node $_ is whole", 10, sub { whole($_) }) for 1, 2;

finish();
