use lib 't/lib';
use DevTalk::Test;

# DELETE /api/user: the account is gone for every caller at both nodes, and
# nothing personal is left of it.

my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $pg = pg();
my ($id) = $pg->selectrow_array('select id from auth.users where username = ?', undef, $anna->username);
my $login = sub ($user) {
    anybody()->post('/api/users/login', {user => {email => $user->{email}, password => password()}})
};

subtest 'needs a token' => sub {
    anybody()->delete('/api/user')->refused(401, token => 'is missing');
};

subtest 'a deleted account' => sub {
    my $elsewhere = anybody()->token($login->($anna->user)->is(200)->json->{user}{token});
    my $article   = $anna->publish;
    anybody($_)->article($article) for 1, 2;

    $anna->delete('/api/user')->is(204);

    for my $node (1, 2) {
        $_->on($node)->get('/api/user')->refused(401, token => 'is invalid', -name => "node $node: its tokens are refused")
            for $anna, $elsewhere;
        anybody($node)->get('/api/profiles/' . $anna->username)->refused(404, profile => 'not found');
        anybody($node)->get("/api/articles/$article->{slug}")->refused(404, article => 'not found');
    }
    $login->($anna->user)->refused(401, credentials => 'invalid');
    $anna->delete('/api/user')->refused(401, token => 'is invalid');
    $bob->post('/api/profiles/' . $anna->username . '/follow')->refused(404, profile => 'not found');
};

subtest 'leaves nothing personal' => sub {
    my $row = $pg->selectrow_hashref('select email, username, bio, image from auth.users where id = ?', undef, $id);
    is_deeply $row, {email => undef, username => undef, bio => undef, image => undef}, 'in its row';
    is $pg->selectrow_array('select count(*) from auth.passwords where user_id = ?', undef, $id), 0, 'nor a password';
    is $pg->selectrow_array(q{select count(*) from auth.sessions where user_id = ?
        and (ended_at is null or user_agent is not null or address is not null)}, undef, $id), 0, 'nor where it logged in';
};

subtest 'its name and address are free' => sub {
    my $again = anybody()->post('/api/users', {user => $anna->user})->is(201)->json->{user};
    is $again->{username}, $anna->username, 'for a new account';
    anybody()->token($again->{token})->get('/api/user')->is(200, 'that works');
    is_deeply anybody()->get('/api/articles', query => {author => $anna->username})->is(200)->json->{articles}, [],
        'and has nothing of the old one';
};

subtest 'one of two at once' => sub {
    my $carol = signed_in('carol');
    my %status;
    $_->then(sub ($reply) { $status{$reply->status}++ })->wait
        for map { $carol->on($_)->request_p(DELETE => '/api/user') } 1, 2;
    is $status{204}, 1, 'deletes it: ' . join ', ', map {"$_: $status{$_}"} sort keys %status;
    is_deeply [grep { !/^(?:204|401)$/ } keys %status], [], 'the other is too late';
};

subtest 'a login under way' => sub {
    my $dora = signed_in('dora');
    my %status;
    my @tokens;
    my @promises = map { anybody($_ % 2 + 1)->request_p(POST => '/api/users/login',
        {user => {email => $dora->user->{email}, password => password()}}) } 1 .. 6;
    push @promises, $dora->request_p(DELETE => '/api/user');
    $_->then(sub ($reply) {
        $status{$reply->status}++;
        push @tokens, $reply->json->{user}{token} if $reply->status == 200;
    })->wait for @promises;
    is_deeply [grep { !/^(?:200|204|401)$/ } keys %status], [], join ', ', map {"$_: $status{$_}"} sort keys %status;

    eventually 'leaves no token that is good', 5, sub {
        !grep { my $token = $_; grep { anybody($_)->token($token)->get('/api/user')->status != 401 } 1, 2 } @tokens;
    };
};

finish();
