use lib 't/lib';
use DevTalk::Test;

use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Footprint;
use DevTalk::Gate;
use DevTalk::Mixed;
use DevTalk::Raw;

# Clients that leave in the middle: at any point, without a word.  Clients
# that send a byte now and then, or half of what they have announced.  Nobody
# else notices, and nothing of them stays.

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

# Without a load beside: it holds statements.
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

# The ways to leave: each is called with a number, from 0 on.
my $node   = sub ($n) { return DevTalk::Raw->new(node => $n % 2 + 1) };
my @names  = sort keys %request;
my %leaves = (
    'after the request' => sub ($n) {
        $node->($n)->send_bytes($request{$_})->abort for @names;
    },
    'in the middle of it' => sub ($n) {
        for my $name (@names) {
            my $cut = $n < 2 ? $n : int rand length $request{$name};
            $node->($n)->send_bytes(substr $request{$name}, 0, $cut)->abort;
        }
    },
    'some time after it' => sub ($n) {
        for my $name (@names) {
            my $raw = $node->($n)->send_bytes($request{$name});
            sleep rand($name eq 'login' ? 0.05 : 0.005);
            $raw->abort;
        }
    },
    'in the middle of the reply' => sub ($n) {
        my $raw = $node->($n)->send_bytes("GET /api/articles?limit=100 HTTP/1.1\r\nHost: x\r\n\r\n");
        sysread $raw->socket, my $byte, 1;
        $raw->abort;
    },
    'with many requests in a pipe' => sub ($n) {
        $node->($n)->send_bytes($request{read} x 20 . $request{list} x 20)->abort;
    },
);

my $idle  = DevTalk::Footprint->take;
my $mixed = DevTalk::Mixed->start;

# Once to fill what is kept and used again, then for the scales.
for my $leave (values %leaves) {
    $leave->($_) for 0 .. 9;
}
my $light = DevTalk::Footprint->least;

# From now on, until the end of the others: a byte of a head now and then; a
# byte of a body; half a body and nothing more.
my $announced = "POST /api/articles HTTP/1.1\r\nHost: x\r\nAuthorization: Token $token\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n";
my $begun   = time;
my @heads   = map { $node->($_)->send_bytes("GET $path HTTP/1.1\r\nX-Slow: ") } 1 .. 150;
my @bodies  = map { $node->($_)->send_bytes("$announced\r\n{") } 1 .. 75;
my @halves  = map { $node->($_)->send_bytes("$announced\r\n" . ' ' x 5000) } 1 .. 75;
my $dripped = 0;
my $drip = sub {
    return if time - $dripped < 1;
    $dripped = time;
    $_->send_bytes('x') for @heads;
    $_->send_bytes(' ') for @bodies;
};

my $rounds = $ENV{DEVTALK_LONG} ? 200 : 20;
for my $way (sort keys %leaves) {
    subtest $way => sub {
        for my $n (0 .. $rounds - 1) {
            $leaves{$way}->($n);
            $drip->();
        }
        $healthy->($way);
    };
}

subtest 'half-closed' => sub {
    my $raw = DevTalk::Raw->new->send_bytes($request{read});
    shutdown $raw->socket, 1;
    my $reply = $raw->reply(GET => $path, 5);
    like $reply->status, qr/^(?:0|200)$/, 'who says no more is answered, or dropped';
};

# nginx gives a head 15 s, and a body as long for each piece of it.
subtest 'slow ones' => sub {
    my $ended = sub (@raw) {
        return scalar grep { IO::Select->new($_->socket)->can_read(0) } @raw;
    };
    ok wait_until(sub { $drip->(); $ended->(@heads, @halves) == @heads + @halves }, 20),
        'slow heads and half bodies are ended after a while';
    figure('slowloris: ended after, s', time - $begun, '<= 18');
    is $ended->(@bodies), 0, 'whose body goes on is let be';
    $healthy->('slow');
    $_->abort for @heads, @bodies, @halves;
};

my $heavy    = DevTalk::Footprint->least;
my @outcomes = ($mixed->take, $mixed->stop);

subtest 'nobody else has noticed' => sub {
    my @wrong = map { join ' ', grep {defined} @$_{qw(kind node status why note)} }
        grep { $_->{why} || $_->{status} !~ /^2/ } @outcomes;
    figure('clients gone: failed requests of others', scalar @wrong, '0');
    is_deeply [@wrong > 5 ? @wrong[0 .. 4] : @wrong], [], 'no request failed of ' . @outcomes;
    figure('clients gone: a read of others, p99', ms percentile 99, map { $_->{took} } grep { $_->{kind} eq 'read' } @outcomes);
};

subtest 'nothing is left behind' => sub {
    my $after;
    eventually 'workers, descriptors and connections are as before', 20, sub {
        $after = DevTalk::Footprint->take;
        return !$after->differs($idle);
    } or diag join "\n", $after->differs($idle);
    figure('clients gone: descriptors before and after', $idle->descriptors . ', ' . $after->descriptors);
    figure('clients gone: KB of memory before and after', $light->memory . ', ' . $heavy->memory);
    cmp_ok $heavy->memory, '<=', DevTalk::Footprint->room(1.25) * $light->memory, 'memory is as before';

    for my $gauge (grep {/^devtalk_\w*in_flight/} map {s/\{.*//r} keys %{metrics(1)}) {
        eventually "$gauge is nothing", 5, sub { metric($gauge) == 0 };
    }
    eventually 'no statement runs', 5, sub {
        !(pg()->selectrow_array(q{select count(*) from pg_stat_activity
            where usename like 'devtalk_%' and state <> 'idle'}))[0]
    };
};

$mixed->verify('clients gone');

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
