use lib 't/lib';
use DevTalk::Test;

use Mojo::Promise;
use Time::HiRes qw(time);

use DevTalk::Jwt qw(claims header_of);

# Logging in and out.

my $anna  = signed_in('anna');
my $login = sub (%user) { anybody()->post('/api/users/login', {user => \%user}) };
my %good  = map { $_ => $anna->user->{$_} } qw(email password);

subtest 'the right password' => sub {
    my $user = $login->(%good)->is(200)->json->{user};
    is $user->{username}, $anna->username, 'tells who one is';
    isnt $user->{token}, $anna->token, 'and opens a session of its own';
    $login->(%good, email => uc $good{email})->is(200, 'addresses have no case');
};

subtest 'the wrong one' => sub {
    $login->(%good, password => 'wrong horse battery')
        ->refused(401, credentials => 'invalid');
    $login->(%good, email => unique('nobody') . '@example.com')
        ->refused(401, credentials => 'invalid');
    $login->(%good, password => password() . ' ')
        ->refused(401, credentials => 'invalid');
    $login->(%good, password => uc password())
        ->refused(401, credentials => 'invalid');
    $login->(%good, password => 'x')->refused(401, credentials => 'invalid');
};

subtest 'nobody can tell an unknown address from a wrong password' => sub {
    my $median = sub (%user) {
        my @times = sort { $a <=> $b } map {
            my $begun = time;
            $login->(%user, password => 'wrong horse battery');
            time - $begun;
        } 1 .. 9;
        return $times[4];
    };
    my $known   = $median->(email => $good{email});
    my $unknown = $median->(email => unique('nobody') . '@example.com');
    note sprintf 'known %.1f ms, unknown %.1f ms', 1000 * $known, 1000 * $unknown;
    cmp_ok $unknown, '>', $known / 2, 'an unknown one takes as long';
    cmp_ok $unknown, '<', $known * 2, 'and no longer';
};

subtest 'what is missing' => sub {
    $login->(password => 'x' x 8)->refused(422, email => "can't be blank");
    $login->(email => $good{email})->refused(422, password => "can't be blank");
    $login->(email => '', password => '')->refused(422,
        email => "can't be blank", password => "can't be blank");
    anybody()->post('/api/users/login', {})->refused(422, user => "can't be blank");
};

subtest 'the token' => sub {
    my $token = $login->(%good)->json->{user}{token};
    my ($header, $claims) = (header_of($token), claims($token));
    my ($key) = grep { $_->{kid} eq $header->{kid} }
        @{anybody()->get('/.well-known/jwks.json')->json->{keys}};

    is $header->{alg}, 'ES256', 'is signed with ES256';
    is $header->{typ}, 'at+jwt', 'says that it is an access token';
    ok $key, 'by a published key';
    cmp_ok $claims->{exp} - $claims->{iat}, '<=', 900, 'lives 15 minutes at most';
    cmp_ok abs(time - $claims->{iat}), '<', 5, 'from now';
    ok $claims->{$_}, "and has $_" for qw(iss aud sub sid role username);
};

subtest 'both words before the token' => sub {
    my $token = $login->(%good)->json->{user}{token};
    anybody()->scheme($_)->token($token)->get('/api/user')->is(200, $_)
        for qw(Token Bearer token bearer);
};

subtest 'logging out' => sub {
    my $one   = anybody()->token($login->(%good)->json->{user}{token});
    my $other = anybody()->token($login->(%good)->json->{user}{token});
    $_->get('/api/user')->is(200) for $one, $one->on(2), $other;

    my $reply = $one->post('/api/users/logout')->is(204, 'is done');
    is $reply->body, '', 'in silence';

    $one->get('/api/user')->refused(401, token => 'is invalid');
    $one->on(2)->get('/api/user')->refused(401, token => 'is invalid');
    $one->on(2)->get('/api/tags')->refused(401, token => 'is invalid');
    $one->post('/api/users/logout')->refused(401, token => 'is invalid');

    $other->get('/api/user')->is(200, 'the other session goes on');
    $anna->get('/api/user')->is(200, 'and the first one');
};

subtest 'logging out kills the token in every worker of every node' => sub {
    # Fresh connections go to any worker; each may have remembered the token.
    for my $round (1 .. 10) {
        my $one = anybody()->token($login->(%good)->json->{user}{token});
        for my $node (1, 2) {
            $one->on($node)->get('/api/user')->is(200) for 1 .. 6;
        }
        $one->post('/api/users/logout')->is(204);
        my @statuses = map {
            my $node = $_;
            map { $one->on($node)->get('/api/user')->status } 1 .. 6
        } 1, 2;
        is_deeply \@statuses, [(401) x 12], "round $round: refused everywhere at once";
    }
};

subtest 'logging out is answered when every worker has heard' => sub {
    my $one  = anybody()->token($login->(%good)->json->{user}{token});
    my @deaf  = nginx_workers(2);
    my $reply;

    kill STOP => @deaf;
    my $ended = $one->request_p(POST => '/api/users/logout')->then(sub { $reply = shift });
    Mojo::Promise->race($ended, Mojo::Promise->timer(0.3))->wait;
    is $reply, undef, 'not while those of the other node have not';
    kill CONT => @deaf;
    $ended->wait;

    is $reply->status, 204, 'and then it is';
    is $one->on(2)->get('/api/user')->status, 401, 'refused by them';
};

subtest 'who hears nothing is not waited for long' => sub {
    my $one  = anybody()->token($login->(%good)->json->{user}{token});
    my @deaf = nginx_workers(2);
    my $begun = time;

    kill STOP => @deaf;
    $one->post('/api/users/logout')->is(204);
    my $took = time - $begun;
    kill CONT => @deaf;

    cmp_ok $took, '<', 1, 'not a second';
    $one->get('/api/user')->is(401, 'the others refuse it');
    eventually 'they do when they are back', 1, sub { $one->on(2)->get('/api/user')->status == 401 };
};

subtest 'a new password ends every session' => sub {
    my $bob   = signed_in('bob');
    my $other = anybody()->token(anybody()->post('/api/users/login', {user => {
        email => $bob->user->{email}, password => password()}})->json->{user}{token});

    my $token = $bob->put('/api/user', {user => {password => 'brand new horse'}})
        ->is(200)->json->{user}{token};

    anybody()->token($token)->get('/api/user')->is(200, 'the answer has a good token');
    for my $client ($other, $other->on(2)) {
        $client->get('/api/user')->refused(401, token => 'is invalid');
    }
    $login->(email => $bob->user->{email}, password => password())
        ->refused(401, credentials => 'invalid');
    $login->(email => $bob->user->{email}, password => 'brand new horse')->is(200);
};

finish();
