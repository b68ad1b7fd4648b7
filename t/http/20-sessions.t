use lib 't/lib';
use DevTalk::Test;

use Mojo::Promise;

use DevTalk::Jwt qw(claims);

# Sessions that outlive their access tokens: refresh tokens, the list of
# sessions, and their ends.

my $UUID   = qr/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
my $COOKIE = '__Secure-devtalk-refresh';

my $anna = signed_in('anna');
my %good = map { $_ => $anna->user->{$_} } qw(email password);

my $login   = sub (%how) { anybody()->post('/api/sessions', {session => {%good, %how}}) };
my $refresh = sub ($token, $node = 1) {
    anybody($node)->post('/api/sessions/refresh', {session => {refresh_token => $token}})
};
my $with = sub ($tokens, $node = 1) { anybody($node)->token($tokens->{access_token}) };
my $over = sub ($tokens) { $refresh->($tokens->{refresh_token})->refused(401, refresh_token => 'invalid') };

# Another clock for a session: "earlier" seconds have passed.
my $age = sub ($session, $earlier) {
    pg()->do("update auth.sessions set created_at = created_at - ?::interval, expires_at = expires_at - ?::interval,
        refreshable_until = refreshable_until - ?::interval where id = ?", undef, ("$earlier seconds") x 3, $session);
    pg()->do("update auth.refresh_tokens set used_at = used_at - ?::interval where session_id = ?",
        undef, "$earlier seconds", $session);
};

subtest 'logging in' => sub {
    my $reply  = $login->()->is(201);
    my $tokens = $reply->json;
    is $reply->header('cache-control'), 'no-store', 'is for no cache';
    is $reply->header('set-cookie'), undef, 'without a cookie';
    is $tokens->{token_type}, 'Bearer', 'names as RFC 6749 has them';
    cmp_ok abs($tokens->{expires_in} - 900), '<=', 1, 'the access token is good for 15 minutes';
    like $tokens->{refresh_token}, qr/^[\w-]{43}$/, 'the refresh token is 256 bits';
    like $tokens->{session}, $UUID, 'and the session is named';
    is claims($tokens->{access_token})->{sid}, $tokens->{session}, 'as in the access token';
    $with->($tokens)->get('/api/user')->is(200, 'which is good');
};

subtest 'not everybody' => sub {
    $login->(password => 'wrong horse battery')->refused(401, credentials => 'invalid');
    $login->(email => unique('nobody') . '@example.com')->refused(401, credentials => 'invalid');
    $login->(email => '')->refused(422, email => "can't be blank");
    $login->(transport => 'pigeon')->refused(422, transport => 'is invalid');
    anybody()->post('/api/sessions', {user => {%good}})->refused(422, session => "can't be blank");
};

subtest 'refreshing' => sub {
    my $old = $login->()->json;
    my $reply = $refresh->($old->{refresh_token}, 2)->is(200, 'at the other node');
    my $new = $reply->json;
    is $reply->header('cache-control'), 'no-store', 'is for no cache';
    is $new->{session}, $old->{session}, 'the session goes on';
    isnt $new->{refresh_token}, $old->{refresh_token}, 'with another refresh token';
    $with->($new)->get('/api/user')->is(200, 'the new access token is good');
    $with->($old)->get('/api/user')->is(200, 'as is the old one');

    my $again = $refresh->($old->{refresh_token})->is(200, 'an answer that was lost is told again')->json;
    is $again->{refresh_token}, $new->{refresh_token}, 'with the same refresh token';

    my $next = $refresh->($new->{refresh_token})->is(200, 'which is good, once more')->json;
    isnt $next->{refresh_token}, $new->{refresh_token}, 'for another';
};

subtest 'the database does not know the tokens' => sub {
    my $first  = $login->()->json;
    my $second = $refresh->($first->{refresh_token})->json;
    my $rows   = pg()->selectall_arrayref(q{select t::text, encode(t.hash, 'base64'), encode(t.successor, 'base64')
        from auth.refresh_tokens t where session_id = ?}, undef, $first->{session});
    is @$rows, 2, 'two of them';
    my $all = join ' ', map { join ' ', grep {defined} @$_ } @$rows;
    for my $token ($first, $second) {
        my $bytes = Mojo::Util::b64_decode($token->{refresh_token} =~ tr{_-}{/+}r . '=');
        unlike $all, qr/\Q$_\E/, 'not there' for $token->{refresh_token}, unpack('H*', $bytes), Mojo::Util::b64_encode($bytes, '');
    }
};

subtest 'what is no refresh token' => sub {
    my $tokens = $login->()->json;
    my $token  = $tokens->{refresh_token};
    for my $bad ('x', 'x' x 43, "$token=", substr($token, 1), $token . 'A', $tokens->{access_token} =~ s/^.*\.//r =~ s/^(.{43}).*/$1/r) {
        $refresh->($bad)->refused(401, refresh_token => 'invalid');
    }
    $refresh->('x' x 257)->refused(422, refresh_token => 'is too long (maximum is 256 characters)');
    $refresh->('')->refused(422, refresh_token => "can't be blank");
    anybody()->post('/api/sessions/refresh', {session => {}})->refused(422, refresh_token => "can't be blank");
    anybody()->token($token)->get('/api/user')->refused(401, token => 'is invalid');
    $refresh->($token)->is(200, 'the good one is as good as before');
};

subtest 'a stolen one ends the session' => sub {
    my $thief = $login->()->json;
    my $owner = $refresh->($thief->{refresh_token})->json;
    my $mark  = DevTalk::Stack::log_mark();
    $age->($thief->{session}, 11);

    $over->($thief);
    $over->($owner);
    for my $node (1, 2) {
        $with->($owner, $node)->get('/api/user')->refused(401, token => 'is invalid');
    }
    $anna->get('/api/user')->is(200, 'another session goes on');
    eventually 'the log says so, without the token', 5, sub {
        my @lines = grep {/a refresh token came again/} log_lines($mark);
        return @lines && !grep { index($_, $thief->{refresh_token}) >= 0 } @lines;
    };
};

subtest 'how long it is good' => sub {
    my $day    = 24 * 3600;
    my $tokens = $login->()->json;
    $age->($tokens->{session}, 29 * $day);
    $tokens = $refresh->($tokens->{refresh_token})->is(200, 'after 29 days')->json;
    $age->($tokens->{session}, 29 * $day);
    $tokens = $refresh->($tokens->{refresh_token})->is(200, 'after 29 more')->json;
    $age->($tokens->{session}, 29 * $day);
    $tokens = $refresh->($tokens->{refresh_token})->is(200, 'and 29 more')->json;
    $age->($tokens->{session}, 4 * $day);
    $over->($tokens);

    my $idle = $login->()->json;
    $age->($idle->{session}, 30 * $day + 1);
    $over->($idle);
};

subtest 'twenty at once' => sub {
    my $tokens = $login->()->json;
    my @statuses;
    my %next;
    Mojo::Promise->all(map {
        anybody($_ % 2 + 1)->request_p(POST => '/api/sessions/refresh', {session => {refresh_token => $tokens->{refresh_token}}})
    } 1 .. 20)->then(sub (@replies) {
        @statuses = map { $_->[0]->status } @replies;
        $next{$_->[0]->json->{refresh_token}}++ for grep { $_->[0]->status == 200 } @replies;
    })->wait;

    is_deeply \@statuses, [(200) x 20], 'all are answered';
    is keys %next, 1, 'with the same refresh token';
    my ($living) = pg()->selectrow_array(q{select count(*) from auth.sessions
        where id = ? and ended_at is null}, undef, $tokens->{session});
    is $living, 1, 'one session lives';
    my ($unused) = pg()->selectrow_array(q{select count(*) from auth.refresh_tokens
        where session_id = ? and used_at is null}, undef, $tokens->{session});
    is $unused, 1, 'with one token to go on with';
    $refresh->(keys %next)->is(200, 'which is good');
};

subtest 'as a cookie' => sub {
    my $eve   = signed_in('eve');
    my $reply = $login->((map { $_ => $eve->user->{$_} } qw(email password)), transport => 'cookie')->is(201);
    is $reply->json->{refresh_token}, undef, 'the body does not have it';
    my $cookie = $reply->header('set-cookie');
    my ($token) = $cookie =~ /^\Q$COOKIE\E=([\w-]{43}); /;
    ok $token, 'the cookie does';
    like $cookie, qr/; $_(?:;|$)/, $_ for qw(HttpOnly Secure SameSite=Strict Path=/api/sessions Max-Age=2592000);

    my $as = sub ($value, $body = {session => {}}) {
        anybody()->post('/api/sessions/refresh', $body, headers => {Cookie => "a=b; $COOKIE=$value; c=d"})
    };
    my $next = $as->($token)->is(200);
    is $next->json->{refresh_token}, undef, 'again not in the body';
    my ($second) = $next->header('set-cookie') =~ /^\Q$COOKIE\E=([\w-]{43}); /;
    ok $second && $second ne $token, 'but in the cookie';
    $as->('x')->refused(401, refresh_token => 'invalid');

    my $form = anybody()->post('/api/sessions/refresh', body => 'session=', headers => {
        Cookie => "$COOKIE=$second", 'Content-Type' => 'application/x-www-form-urlencoded'});
    $form->is(415, "another site's form has nothing to send");

    my $gone = anybody()->token($next->json->{access_token})->delete('/api/sessions', headers => {Cookie => "$COOKIE=$second"})->is(204);
    like $gone->header('set-cookie'), qr/^\Q$COOKIE\E=; .*Max-Age=0;/, 'who logs out everywhere loses it';
    $as->($second)->refused(401, refresh_token => 'invalid');
};

subtest 'where one is signed in' => sub {
    my $bob    = signed_in('bob');
    my %bob    = map { $_ => $bob->user->{$_} } qw(email password);
    my $tokens = anybody(2)->post('/api/sessions', {session => {%bob}}, headers => {'User-Agent' => "Teapot/1.0 \x{e9}"})->json;

    my @sessions = @{$with->($tokens)->get('/api/sessions')->is(200)->json->{sessions}};
    is @sessions, 2, 'two sessions';
    is_deeply [map { $_->{id} eq $tokens->{session} } grep { $_->{current} } @sessions], [1], 'the current one is marked';
    my ($here) = grep { $_->{current} } @sessions;
    is $here->{address}, '127.0.0.1', 'its address';
    like $here->{userAgent}, qr{^Teapot/1\.0}, 'its device';
    is_deeply [map { $_->{lastSeenAt} } @sessions], [sort { $b cmp $a } map { $_->{lastSeenAt} } @sessions], 'the last seen first';

    my ($other) = grep { !$_->{current} } @sessions;
    $with->($tokens)->delete("/api/sessions/$other->{id}")->is(204, 'the other one ends');
    for my $node (1, 2) {
        $bob->on($node)->get('/api/user')->refused(401, token => 'is invalid');
    }
    is @{$with->($tokens)->get('/api/sessions')->json->{sessions}}, 1, 'and is not listed';
    $with->($tokens)->delete("/api/sessions/$other->{id}")->refused(404, session => 'not found');

    my ($annas) = map { $_->{id} } @{$anna->get('/api/sessions')->json->{sessions}};
    $with->($tokens)->delete("/api/sessions/$_")->refused(404, session => 'not found')
        for $annas, 'nothing', '1', '00000000-0000-0000-0000-000000000000', '0' x 36, 'g' x 36;
    $anna->get('/api/user')->is(200, "another's session is not touched");

    my $third = anybody()->post('/api/sessions', {session => {%bob}})->json;
    $with->($third)->delete('/api/sessions')->is(204, 'everywhere at once');
    for my $node (1, 2) {
        $with->($_, $node)->get('/api/user')->refused(401, token => 'is invalid') for $tokens, $third;
    }
    $over->($_) for $tokens, $third;
};

subtest 'what ends a session ends its refresh token' => sub {
    my $carol = signed_in('carol');
    my %carol = map { $_ => $carol->user->{$_} } qw(email password);
    my $enter = sub { anybody()->post('/api/sessions', {session => {%carol}})->is(201)->json };

    my $tokens = $enter->();
    $with->($tokens)->post('/api/users/logout')->is(204);
    $over->($tokens);

    # Also one whose access token has long expired.
    my ($here, $idle) = ($enter->(), $enter->());
    $age->($idle->{session}, 3600);
    $carol{password} = 'brand new horse';
    $with->($here)->put('/api/user', {user => {password => $carol{password}}})->is(200, 'a new password');
    $over->($_) for $here, $idle;

    ($here, $idle) = ($enter->(), $enter->());
    $age->($idle->{session}, 3600);
    $with->($here)->delete('/api/user')->is(204, 'the end of the account');
    $over->($_) for $here, $idle;
    my ($left) = pg()->selectrow_array('select count(*) from auth.sessions where user_id = ? and (user_agent is not null or address is not null)',
        undef, claims($here->{access_token})->{sub});
    is $left, 0, 'nothing personal is left of its sessions';
};

subtest 'a new name comes with the next refresh' => sub {
    my $dora   = signed_in('dora');
    my $tokens = anybody()->post('/api/sessions', {session => {map { $_ => $dora->user->{$_} } qw(email password)}})->json;
    my $name   = unique('dora');
    $dora->put('/api/user', {user => {username => $name}})->is(200);
    my $claims = claims($refresh->($tokens->{refresh_token})->json->{access_token});
    is $claims->{username}, $name, 'is that of the token';
};

finish();
