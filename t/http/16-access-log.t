use lib 't/lib';
use DevTalk::Test;

use Mojo::File qw(path);
use Mojo::JSON qw(decode_json);

# The access log: a line of JSON for each request, and no secrets in any log.

my $anna = signed_in('anna');
my $line = sub ($id, $node = 1) {
    my $found;
    eventually "request $id is logged", 5, sub {
        ($found) = grep { $_->{request_id} eq $id } map { eval { decode_json $_ } // () } access_lines($node);
    };
    return $found // {};
};

subtest 'a request' => sub {
    my $reply = $anna->get('/api/user')->is(200);
    my $entry = $line->($reply->request_id);
    is $entry->{method}, 'GET', 'method';
    is $entry->{status}, 200, 'status';
    is $entry->{user}, $anna->username, 'who';
    is $entry->{route}, 'GET /api/user', 'route';
    is $entry->{path}, '/api/user', 'path';
    is $entry->{remote_addr}, '127.0.0.1', 'whence';
    like $entry->{traceparent}, qr/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/, 'its place in a trace';
    like $entry->{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/, 'when';
    like $entry->{$_}, qr/^\d+(?:\.\d+)?$/, $_ for qw(request_time pg_ms bytes);
};

subtest 'of anybody, with a parameter, in vain' => sub {
    my $slug  = unique('nothing');
    my $reply = anybody(2)->get("/api/articles/$slug")->is(404);
    my $entry = $line->($reply->request_id, 2);
    is $entry->{status}, 404, 'status';
    is $entry->{route}, 'GET /api/articles/{slug}', 'the route, not the path';
    ok !$entry->{user}, 'nobody';
};

subtest 'what nginx itself refuses' => sub {
    my $reply = anybody()->post('/nothing', {x => 1})->is(404);
    my $entry = $line->($reply->request_id);
    is_deeply [@$entry{qw(method path status)}], ['POST', '/nothing', 404], 'is logged as it came';
    $reply = $anna->put('/api/user', {x => 'x' x (2 << 20)})->is(413);
    $entry = $line->($reply->request_id);
    is_deeply [@$entry{qw(method path status user)}], ['PUT', '/api/user', 413, $anna->username], 'with who it was';
};

subtest 'every line is JSON, whatever was sent' => sub {
    my $reply = anybody()->get('/api/nothing%22%5C%0A%FF', headers => {
        'User-Agent' => "\"\\\x{1b}[31m", Referer => '"},{"x":"'});
    $line->($reply->request_id);
    my @wrong = grep { !eval { decode_json $_ } } grep { /\n$/ } map { access_lines($_) } 1, 2;
    is_deeply \@wrong, [], 'all of them';
};

subtest 'no secrets' => sub {
    my $secret = unique('hunter') . 'PasswordText';
    my $name   = unique('sam');
    my $sam    = anybody()->post('/api/users', {user => {username => $name,
        email => "$name\@example.com", password => $secret}})->is(201);
    my $token  = $sam->json->{user}{token};
    my $client = anybody()->token($token);

    anybody()->post('/api/users/login', {user => {email => "$name\@example.com", password => "$secret!"}})->is(401);
    anybody()->post('/api/users/login', body => qq({"user":{"email":"$name\@example.com","password":"$secret"))->is(400);
    anybody()->post('/api/users', {user => {username => $name, email => "$name\@example.com", password => $secret}})->is(409);
    $client->put('/api/user', {user => {password => "$secret-2"}})->is(200);
    anybody()->token("$token-x")->get('/api/user')->is(401);
    my $reply = anybody()->get('/api/tags')->is(200);
    $line->($reply->request_id);

    my $signature = (split /\./, $token)[2];
    my @logs = grep { /\.log$|log$/ && -f } path(home())->list_tree({hidden => 1})->each;
    for my $log (@logs) {
        my $text = eval { $log->slurp } // next;
        ok index($text, $secret) < 0, "no password in $log" or diag grep { /\Q$secret\E/ } split /^/, $text;
        ok index($text, $signature) < 0, "no token in $log";
    }

    for my $schema (qw(auth articles comments)) {
        my $rows = pg()->selectall_arrayref(qq{
            select format('%I.%I.%I', table_schema, table_name, column_name)
              from information_schema.columns join information_schema.tables using (table_schema, table_name)
             where table_schema = ? and table_type = 'BASE TABLE' and data_type in ('text', 'json', 'jsonb', 'bytea')},
            undef, $schema);
        for my $column (map { $_->[0] } @$rows) {
            my ($s, $t, $c) = split /\./, $column;
            my ($n) = pg()->selectrow_array("select count(*) from $s.$t where $c\::text like ?", undef, "%$secret%");
            is $n, 0, "no password in $column";
        }
    }
};

finish();
