use lib 't/lib';
use DevTalk::Test;

# What the gateway puts around every reply.

my $anna = signed_in('anna');

subtest 'security' => sub {
    for my $path ('/api/tags', '/api/nothing', '/health') {
        my $reply = anybody()->get($path);
        is $reply->header('X-Content-Type-Options'), 'nosniff', "$path: nosniff";
        ok $reply->header('Content-Security-Policy') // $reply->header('X-Frame-Options'), "$path: no frames";
        ok $reply->header('Referrer-Policy'), "$path: Referrer-Policy";
        unlike $reply->header('Server') // '', qr/\d/, "$path: the server's version is nobody's business";
    }
};

subtest 'CORS' => sub {
    my $origin = 'https://reader.example';
    my $reply  = anybody()->options('/api/articles', headers => {Origin => $origin,
        'Access-Control-Request-Method' => 'POST',
        'Access-Control-Request-Headers' => 'authorization,content-type'});

    is $reply->status, 204, 'a preflight';
    like $reply->header('Access-Control-Allow-Origin'), qr{^(?:\*|\Q$origin\E)$}, 'allows the origin';
    like $reply->header('Access-Control-Allow-Methods'), qr/\b$_\b/, "allows $_" for qw(GET POST PUT DELETE);
    like $reply->header('Access-Control-Allow-Headers'), qr/\b$_\b/i, "allows $_"
        for qw(Authorization Content-Type If-None-Match);
    ok $reply->header('Access-Control-Max-Age'), 'and may be remembered';
    isnt $reply->header('Access-Control-Allow-Credentials') // '', 'true', 'cookies are not wanted';

    for my $path ('/api/tags', '/api/nothing') {
        $reply = anybody()->get($path, headers => {Origin => $origin});
        like $reply->header('Access-Control-Allow-Origin'), qr{^(?:\*|\Q$origin\E)$}, "$path may be read";
        like $reply->header('Access-Control-Expose-Headers'), qr/\b$_\b/i, "$path shows $_"
            for qw(X-Request-Id ETag Link);
    }
};

subtest 'gzip' => sub {
    my $article = $anna->publish(body => "All work and no play\n" x 500);
    my $path    = "/api/articles/$article->{slug}";
    my $get     = sub (%headers) {
        my $client = anybody();
        $client->ua->transactor->compressed(0);
        my $tx = $client->transaction(GET => $path, headers => \%headers);
        $tx->res->content->auto_decompress(0);
        $client->reply(GET => $client->ua->start($tx));
    };

    my $plain   = $get->('Accept-Encoding' => 'identity');
    my $zipped  = $get->('Accept-Encoding' => 'gzip');
    is $plain->header('Content-Encoding'), undef, 'is not forced on anybody';
    is $zipped->header('Content-Encoding'), 'gzip', 'is there for those who ask';
    cmp_ok length $zipped->body, '<', length($plain->body) / 4, 'and is worth it';
    like $zipped->header('Vary'), qr/Accept-Encoding/i, 'caches are told';
    $anna->check($plain);
};

subtest 'traces' => sub {
    my $trace = join '', map { sprintf '%x', int rand 16 } 1 .. 32;
    my $reply = anybody()->get('/api/tags', headers => {traceparent => "00-$trace-00f067aa0ba902b7-01"})->is(200);
    my $back  = $reply->header('traceparent');
    like $back, qr/^00-$trace-(?!00f067aa0ba902b7)[0-9a-f]{16}-[0-9a-f]{2}$/, 'go on with a span of our own'
        if defined $back;
    for my $wrong ('x', '00-' . '0' x 32 . '-00f067aa0ba902b7-01', "ff-$trace-00f067aa0ba902b7-01", "00-$trace-" . '0' x 16 . '-01') {
        anybody()->get('/api/tags', headers => {traceparent => $wrong})->is(200, 'a wrong one is ignored');
    }
};

subtest 'keep-alive' => sub {
    my $client = anybody();
    my %ports;
    for (1 .. 5) {
        my $tx = $client->transaction(GET => '/api/tags');
        $tx = $client->ua->start($tx);
        $ports{$tx->local_port}++;
    }
    is keys %ports, 1, 'one connection does for many requests';

    $client = anybody();
    %ports  = ();
    for my $path ('/api/nothing', '/api/user', '/api/tags') {
        my $tx = $client->ua->start($client->transaction(GET => $path));
        $ports{$tx->local_port}++;
    }
    is keys %ports, 1, 'after an error too';
};

finish();
