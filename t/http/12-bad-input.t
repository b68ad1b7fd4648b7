use lib 't/lib';
use DevTalk::Test;

use DevTalk::Raw;

# Whatever comes in: the right 4xx, the common error body with the request's
# id, never a 5xx, never a worker's death.  (What openapi.yaml says of error
# bodies is checked with every reply.)

my $anna    = signed_in('anna');
my @workers = map { [nginx_workers($_)] } 1, 2;
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}";

my @writes = (
    [POST => '/api/users',       'user'],
    [POST => '/api/users/login', 'user'],
    [PUT  => '/api/user',        'user'],
    [POST => '/api/articles',    'article'],
    [PUT  => $path,              'article'],
    [POST => "$path/comments",   'comment'],
);

my $send = sub ($write, $body, %headers) {
    $anna->request($write->[0], $write->[1], body => $body, headers => \%headers);
};

my $malformed = sub ($write, $body, $name) {
    my $reply = $send->($write, $body);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $reply->status, 400, "$write->[0] $write->[1]: $name is malformed";
    ok $reply->json->{errors}{body}, "it is the body's fault" if $reply->status == 400;
};

subtest 'no JSON' => sub {
    for my $write (@writes) {
        my $object = $write->[2];
        $malformed->($write, $_, "<$_>") for '{', '}', '{"', 'null,', '{"' . $object . '":',
            "{'$object':{}}", '{"a":1,}', '[1,]', '{"a" 1}', 'nul', 'NaN', '{"a":01}',
            '{} {}', "\xEF\xBB\xBF{}", '{"a":"\\x"}', '{"a":"' . "\n" . '"}', ' ';
    }
};

subtest 'JSON of another shape' => sub {
    for my $write (@writes) {
        my $object = $write->[2];
        for my $body ('null', '7', 'true', '"x"', '[]', '[{}]') {
            my $status = $send->($write, $body)->status;
            ok $status == 400 || $status == 422, "$write->[1] $body: $status";
        }
        for my $inner ('null', '7', 'true', '"x"', '[]') {
            my $reply = $send->($write, qq({"$object":$inner}))->is(422, "$write->[1]: $object is $inner");
            ok $reply->json->{errors}{$object}, "says $object";
        }
    }
};

subtest 'too deep' => sub {
    for my $write (@writes) {
        $malformed->($write, '[' x 8_000, 'open brackets');
        $malformed->($write, '{"a":' x 1_300 . '1' . '}' x 1_300, 'a pit of objects');
        $malformed->($write, qq({"$write->[2]":{"x":) . '[' x 40 . ']' x 40 . '}}', '42 levels');
    }
    $malformed->($writes[3], '[' x 900_000, '900,000 open brackets');
    $malformed->($writes[3], '{"a":' x 150_000 . '1' . '}' x 150_000, '150,000 objects');
};

subtest 'NUL' => sub {
    for my $write (@writes) {
        my $object = $write->[2];
        $malformed->($write, qq({"$object":{"title":"a\\u0000b","body":"a\\u0000b","bio":"\\u0000"}}), 'an escaped NUL');
        $malformed->($write, qq({"$object":{"title":"a\0b"}}), 'a NUL');
        $malformed->($write, "{}\0", 'a NUL behind it');
        $malformed->($write, qq({"$object":{"a\\u0000b":1}}), 'a NUL in a name');
    }
};

subtest 'no UTF-8' => sub {
    my %bytes = (
        'a lone continuation' => "\x80", 'a cut sequence' => "\xC3", 'an overlong one' => "\xC0\xAF",
        'a surrogate' => "\xED\xA0\x80", 'beyond Unicode' => "\xF4\x90\x80\x80", 'byte FF' => "\xFF",
        'an escaped lone surrogate' => '\\uD800', 'a reversed pair' => '\\uDC00\\uD800',
    );
    for my $write (@writes) {
        $malformed->($write, qq({"$write->[2]":{"title":"$bytes{$_}","body":"$bytes{$_}","bio":"$bytes{$_}"}}), $_)
            for sort keys %bytes;
    }
};

subtest 'what is allowed, though odd' => sub {
    my $text = "\x{1F600} \x{10FFFD} \x{E000} \x{0301} \x{202E} \r\n\t\x{1}\x{7F} \\ \" ' ; -- \$1 %s %n \${x}";
    is $anna->publish(body => $text)->{body}, $text, 'comes back as it came';
    is $anna->comment($article, $text)->{body}, $text, 'in a comment too';
    my $forged = '"favorited":false,"following":false,"favorited":true';
    my $made   = $anna->publish(body => $forged, description => $forged);
    $anna->favorite($made);
    is_deeply [@{$anna->article($made)}{qw(body description)}], [$forged, $forged],
        'a body that looks like our own reply';
    is $send->([POST => '/api/articles'], '{"article":{"title":"a","title":"' . unique('Twice') .
        '","description":"x","body":"x"}}')->status =~ /^(?:201|400)$/, 1, 'a name twice';
};

subtest 'no body' => sub {
    for my $write (@writes) {
        my $reply = $anna->request($write->[0], $write->[1], headers => {'Content-Type' => 'application/json'});
        is $reply->status, 400, "$write->[1]: none";
        ok $reply->json->{errors}{body}, 'says body';
    }
};

subtest 'another content type' => sub {
    for my $write (@writes) {
        is $send->($write, '{}', 'Content-Type' => $_)->status, 415, "$write->[1]: $_"
            for 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'application/xml', '', ';',
            'multipart/form-data; boundary=x';
    }
    my $raw = DevTalk::Raw->new->send(['POST /api/articles HTTP/1.1', 'Host: x',
        'Authorization: Token ' . $anna->token, 'Content-Length: 2'], '{}');
    is $raw->reply('POST', '/api/articles')->status, 415, 'none at all';
    $send->($writes[3], '{"article":{"title":"x","description":"x","body":"x"}}', 'Content-Type' => $_)
        ->is(201, "good: $_") for 'application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8';
};

subtest 'too large' => sub {
    for my $write (@writes) {
        my $reply = $send->($write, '{"x":"' . 'x' x (8 << 20) . '"}');
        is $reply->status, 413, "$write->[1]: 8 MB";
    }
    is $send->([POST => '/api/users/login'], '{"x":"' . 'x' x (64 << 10) . '"}')->status, 413,
        'nobody logs in with 64 KB';
    my $raw = DevTalk::Raw->new->send(['POST /api/articles HTTP/1.1', 'Host: x', 'Content-Type: application/json',
        'Authorization: Token ' . $anna->token, 'Content-Length: 99999999999']);
    is $raw->reply('POST', '/api/articles')->status, 413, 'an announced one is not waited for';
};

subtest 'chunked' => sub {
    my $where   = '/api/articles';
    my $chunked = sub (@chunks) {
        my $body = join '', map { sprintf "%x\r\n%s\r\n", length $_, $_ } @chunks, '';
        my $reply = DevTalk::Raw->new->send(["POST $where HTTP/1.1", 'Host: x',
            'Authorization: Token ' . $anna->token, 'Content-Type: application/json',
            'Transfer-Encoding: chunked', 'Connection: close'], $body)->reply('POST', $where);
        $anna->check($reply);
        return $reply;
    };
    $chunked->('{"article":{"title":"x",', '"description":"x"', ',"body":"x"}}')->is(201, 'in parts');
    $chunked->(split //, '{"article":{"title":"x","description":"x","body":"x"}}')->is(201, 'in bytes');
    is $chunked->('{"article"')->status, 400, 'cut';
    is $chunked->()->status, 400, 'empty';
    is $chunked->(('x' x 65536) x 128)->status, 413, '8 MB';
    is $chunked->(split //, ' ' x 300_000)->status, 413, 'more chunks than memory is given to: not to disk';

    $where = '/api/users/login';
    is $chunked->(('x' x 16384) x 5)->status, 413, 'more than this route takes, told by nobody before';
};

subtest 'methods' => sub {
    my %allow = (
        '/api/users'                 => 'POST',
        '/api/user'                  => 'DELETE GET HEAD PUT',
        '/api/articles'              => 'GET HEAD POST',
        $path                        => 'DELETE GET HEAD PUT',
        "$path/favorite"             => 'DELETE POST',
        "$path/comments"             => 'GET HEAD POST',
        "$path/comments/1"           => 'DELETE PUT',
        '/api/tags'                  => 'GET HEAD',
        '/api/profiles/x/follow'     => 'DELETE POST',
    );
    for my $where (sort keys %allow) {
        my %known = map { $_ => 1 } split ' ', $allow{$where};
        for my $method (grep { !$known{$_} } qw(GET POST PUT DELETE PATCH PROPFIND BREW)) {
            my $reply = anybody()->request($method, $where);
            is $reply->status, 405, "$method $where" or diag $reply->_describe;
            my %said = map { $_ => 1 } split /,\s*/, $reply->header('Allow') // '';
            is_deeply [sort keys %said], [sort keys %known], 'Allow';
        }
    }
    is anybody()->request('TRACE', '/api/tags')->status, 405, 'TRACE';
};

subtest 'paths' => sub {
    for my $where ('/api', '/api/', '/api/nothing', '/api/articles/', '/api/articles//comments', "$path/",
        "$path/nothing", "$path/comments/1/x", '/api/users/login/x', '/api/../etc/passwd', '/nothing')
    {
        my $reply = anybody()->get($where);
        is $reply->status, 404, "$where is not there" or diag $reply->_describe;
    }
    for my $slug ('%00', 'a%00b', '%FF%FE', '%C0%AF', '%ED%A0%80', 'a%2Fb', '..%2f..%2fetc', 'x' x 300,
        '%F0%9F%98%80', "';drop%20table%20articles.articles;--", '%25', '%0A')
    {
        for my $where ("/api/articles/$slug", "/api/articles/$slug/comments", "/api/profiles/$slug") {
            my $reply = anybody()->get($where =~ /%/ ? $where : "$where?%20");
            ok $reply->status == 404 || $reply->status == 400, "$where: " . $reply->status
                or diag $reply->_describe;
        }
    }
    for my $query ('tag=%00', 'tag=%FF', 'author=%C3', 'tag=%ZZ', 'tag=%', 'limit=%00', 'tag=a&tag=b', '=', '&&&=&', 'tag') {
        my $reply = anybody()->get("/api/articles?$query");
        ok $reply->status < 500, "?$query: " . $reply->status or diag $reply->_describe;
        is $reply->status, 400, 'is malformed' if $query =~ /%(?:00|FF|C3)$/ && $query !~ /limit/;
    }
    is anybody()->get('/api/articles?tag=' . 'x' x 51)->status, 422, 'a tag of 51 characters';
    is anybody()->get('/api/articles?tag=' . 'x' x 40_000)->status, 414, 'a line of 40 KB';
};

subtest 'no HTTP' => sub {
    my %raw = (
        'noise'                    => "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        'an unknown version'       => "GET /api/tags HTTP/9.9\r\n\r\n",
        'no host'                  => "GET /api/tags HTTP/1.1\r\n\r\n",
        'two lengths'              => "POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        'a negative length'        => "POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        'length and chunks'        => "POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        'a bad chunk'              => "POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        'a header of 100 KB'       => "GET /api/tags HTTP/1.1\r\nHost: x\r\nX: " . 'x' x 100_000 . "\r\n\r\n",
        'a thousand headers'       => "GET /api/tags HTTP/1.1\r\nHost: x\r\n" . join('', map {"X-$_: " . 'y' x 100 . "\r\n"} 1 .. 1000) . "\r\n",
        'a NUL in a header'        => "GET /api/tags HTTP/1.1\r\nHost: x\r\nAuthorization: Token \0\r\n\r\n",
    );
    for my $name (sort keys %raw) {
        my $reply = DevTalk::Raw->new->send_bytes($raw{$name})->reply('GET', '/');
        ok $reply->status == 0 || int($reply->status / 100) == 4 || $reply->status == 505,
            "$name: " . ($reply->status || 'closed');
    }
    my $old = DevTalk::Raw->new->send_bytes("GET /api/tags HTTP/1.0\r\n\r\n");
    is $old->reply->status, 200, 'HTTP/1.0 is welcome';
};

subtest 'request ids' => sub {
    my $reply = anybody()->get('/api/nothing')->is(404);
    is $reply->json->{requestId}, $reply->request_id, 'the body has the same as the header';
    is anybody()->get('/api/tags', headers => {'X-Request-Id' => 'a-sane.one_1'})->request_id, 'a-sane.one_1',
        'a sane one is kept';
    for my $id ('x' x 500, 'with blanks', '"quoted"', '<b>', "\xFF", '{"a":1}') {
        my $reply = anybody()->get('/api/nothing', headers => {'X-Request-Id' => $id});
        isnt $reply->request_id, $id, 'another is replaced';
        is $reply->status, 404, 'and the body is as ever';
    }
};

subtest 'conditions do not turn a write into half of one' => sub {
    for my $condition (['If-Match' => '"nothing"'], ['If-None-Match' => '*'], ['If-Unmodified-Since' => 'Thu, 01 Jan 1970 00:00:01 GMT']) {
        my $made = $anna->publish(body => 'Before');
        my $reply = $anna->put("/api/articles/$made->{slug}", {article => {body => 'After'}}, headers => {@$condition});
        my $body = anybody()->article($made)->{body};
        ok $reply->status == 200 && $body eq 'After' || $reply->status == 412 && $body eq 'Before',
            "@$condition: status " . $reply->status . ", body $body";
    }
};

is_deeply [map { [nginx_workers($_)] } 1, 2], \@workers, 'the same workers still serve';
anybody($_)->get('/health')->is(200) for 1, 2;

finish();
