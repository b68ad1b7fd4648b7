use lib 't/lib';
use DevTalk::Test;

use DevTalk::Gate;
use DevTalk::Raw;

# Clients that leave in the middle: at any point, without a word.

my $anna    = signed_in('anna');
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}";
my @workers = map { [nginx_workers($_)] } 1, 2;
my $token   = $anna->token;
my $body    = '{"article":{"title":"' . $article->{title} . '","description":"x","body":"' . 'x' x 20_000 . '"}}';

my @head = ("Host: x", "Authorization: Token $token", 'Content-Type: application/json', 'Content-Length: ' . length $body);
my $post = sub ($what) { join "\r\n", "$what HTTP/1.1", @head, '', $body };

my %request = (
    publish  => $post->('POST /api/articles'),
    edit     => $post->("PUT $path"),
    read     => "GET $path HTTP/1.1\r\nHost: x\r\n\r\n",
    feed     => "GET /api/articles/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Token $token\r\n\r\n",
    list     => "GET /api/articles?author=x HTTP/1.1\r\nHost: x\r\n\r\n",
    favorite => "POST $path/favorite HTTP/1.1\r\nHost: x\r\nAuthorization: Token $token\r\nContent-Length: 0\r\n\r\n",
    login    => do {
        my $login = '{"user":{"email":"' . $anna->user->{email} . '","password":"wrong horse battery"}}';
        "POST /api/users/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " . length($login) . "\r\n\r\n$login"
    },
);

my $healthy = sub ($name) {
    is_deeply [map { [nginx_workers($_)] } 1, 2], \@workers, "$name: the workers live";
    anybody($_)->get($path)->is(200, "$name: node $_ serves") for 1, 2;
};

subtest 'after the request' => sub {
    for my $round (1 .. 20) {
        DevTalk::Raw->new(node => $round % 2 + 1)->send_bytes($request{$_})->abort for sort keys %request;
    }
    $healthy->('aborted');
};

subtest 'in the middle of it' => sub {
    for my $name (sort keys %request) {
        for (1 .. 8) {
            my $cut = int rand length $request{$name};
            DevTalk::Raw->new(node => $_ % 2 + 1)->send_bytes(substr $request{$name}, 0, $cut)->abort;
        }
    }
    $healthy->('cut');
};

subtest 'with many requests in a pipe' => sub {
    for my $round (1 .. 10) {
        my $raw = DevTalk::Raw->new(node => $round % 2 + 1);
        $raw->send_bytes($request{read} x 20 . $request{list} x 20)->abort;
    }
    $healthy->('pipelined');
};

subtest 'while PostgreSQL works for them' => sub {
    my $gate = DevTalk::Gate->open_up;
    for my $name (qw(read list edit favorite feed)) {
        $anna->edit($article, description => unique('Cold'));
        $gate->close_for(1);
        my @gone = map { DevTalk::Raw->new->send_bytes($request{$name}) } 1 .. 10;
        ok $gate->holds, "$name: held" if $name =~ /read|edit|favorite/;
        $_->abort for @gone;
        $gate->release;
        anybody()->get($path)->is(200, "$name: others are served");
    }
    $gate->remove;
    $healthy->('held');
};

subtest 'half-closed and slow ones' => sub {
    my $raw = DevTalk::Raw->new->send_bytes($request{read});
    shutdown $raw->socket, 1;
    my $reply = $raw->reply(GET => $path, 5);
    like $reply->status, qr/^(?:0|200)$/, 'who says no more is answered, or dropped';

    my @slow = map { DevTalk::Raw->new->send_bytes("POST /api/articles HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n") } 1 .. 50;
    $healthy->('fifty that say nothing');
    $_->abort for @slow;
};

subtest 'nothing is left behind' => sub {
    for my $gauge (grep {/^devtalk_\w*in_flight/} map {s/\{.*//r} keys %{metrics(1)}) {
        eventually "$gauge is nothing", 5, sub { metric($gauge) == 0 };
    }
    eventually 'no statement runs', 5, sub {
        !(pg()->selectrow_array(q{select count(*) from pg_stat_activity
            where usename like 'devtalk_%' and state <> 'idle'}))[0]
    };
};

# The relay would tell the nodes once more, but not while it waits for Kafka.
subtest 'what a client wrote who did not wait is read at once' => sub {
    server('stop', 'kafka');
    $anna->put($path, {article => {description => 'Keeps the relay busy'}})->is(200);

    my $written = 0;
    for my $round (1 .. 20) {
        my $text = unique("left$round");
        my $edit = qq({"article":{"description":"$text"}});
        anybody($_)->get($path)->is(200) for 1, 2;
        DevTalk::Raw->new(node => $round % 2 + 1)->send_bytes("PUT $path HTTP/1.1\r\nHost: x\r\nAuthorization: Token $token\r\n"
            . "Content-Type: application/json\r\nContent-Length: " . length($edit) . "\r\n\r\n$edit")->abort;

        # It may have left before its write was sent.
        next unless wait_until(sub {
            pg()->selectrow_array('select description from articles.articles where slug = ?', undef, $article->{slug}) eq $text
        }, 1);
        $written++;
        eventually "node $_ has it", 2, sub { anybody($_)->get($path)->json->{article}{description} eq $text } for 1, 2;
    }
    ok $written, "$written of 20 were written";
    server('start', 'kafka');
    eventually "node $_ is whole again", 10, sub { whole($_) } for 1, 2;
};

finish();
