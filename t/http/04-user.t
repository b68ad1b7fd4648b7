use lib 't/lib';
use DevTalk::Test;

use POSIX ();

# One's own account.

my $anna = signed_in('anna');
my $me   = sub { $anna->get('/api/user')->is(200)->json->{user} };
my $set  = sub (%user) { $anna->put('/api/user', {user => \%user}) };

subtest 'needs a token' => sub {
    anybody()->get('/api/user')->refused(401, token => 'is missing');
    anybody()->put('/api/user', {user => {bio => 'x'}})
        ->refused(401, token => 'is missing');
};

subtest 'who am I' => sub {
    my $user = $me->();
    is $user->{$_}, $anna->user->{$_}, $_ for qw(username email);
    my $token = $user->{token};
    anybody()->token($token)->get('/api/user')->is(200, 'its token is good');
};

subtest 'bio and image' => sub {
    my $user = $set->(bio => "I write.\nA lot.", image => 'https://example.com/a.png')
        ->is(200)->json->{user};
    is $user->{bio}, "I write.\nA lot.", 'bio is kept as it came';
    is $user->{image}, 'https://example.com/a.png', 'image too';
    is $me->()->{bio}, "I write.\nA lot.", 'and is read back';
    is $user->{username}, $anna->username, 'the name is as before';

    is $set->(bio => '')->is(200)->json->{user}{bio}, undef, '"" removes it';
    is $me->()->{image}, 'https://example.com/a.png', 'and nothing else';
    is $set->(image => undef)->is(200)->json->{user}{image}, undef, 'null too';
    is $set->(bio => 'я' x 2000)->is(200)->json->{user}{bio}, 'я' x 2000,
        '2000 characters are a bio';
};

subtest 'name and address' => sub {
    my ($name, $email) = (unique('anna'), unique('anna') . '@example.com');
    my $old  = $anna->username;
    my $user = $set->(username => $name, email => $email)->is(200)->json->{user};
    is $user->{username}, $name,  'a new name';
    is $user->{email},    $email, 'a new address';

    anybody()->get("/api/profiles/$name")->is(200, 'leads to the profile');
    anybody()->get("/api/profiles/$old")->refused(404, profile => 'not found');
    is anybody()->token($user->{token})->get('/api/user')->is(200)
        ->json->{user}{username}, $name, 'the token of the answer is good';
    $anna->token($user->{token});
    $anna->user->{username} = $name;
    anybody()->post('/api/users/login', {user => {email => $email,
        password => password()}})->is(200, 'she logs in with it');

    is $set->(username => $name, email => $email)->is(200)->json->{user}{username},
        $name, "one's own name is not taken";
};

subtest 'what others have' => sub {
    my $bob = signed_in('bob');
    $set->(username => $bob->username)
        ->refused(409, username => 'has already been taken');
    $set->(username => uc $bob->username)
        ->refused(409, username => 'has already been taken');
    $set->(email => $bob->user->{email})
        ->refused(409, email => 'has already been taken');
};

subtest 'what breaks a rule' => sub {
    $set->($_ => '')->refused(422, $_ => "can't be blank") for qw(username email password);
    $set->($_ => undef)->refused(422, $_ => "can't be blank") for qw(username email password);
    $set->($_ => 7)->refused(422, $_ => 'must be a string')
        for qw(username email password bio image);
    $set->(username => 'x' x 41)->refused(422, username => 'is too long (maximum is 40 characters)');
    $set->(email => 'no address')->refused(422, email => 'is invalid');
    $set->(password => 'short')->refused(422, password => 'is too short (minimum is 8 characters)');
    $set->(bio => 'x' x 2001)->refused(422, bio => 'is too long (maximum is 2000 characters)');
    $set->(image => 'https://example.com/' . 'x' x 2000)
        ->refused(422, image => 'is too long (maximum is 2000 characters)');
    $set->(image => $_)->refused(422, image => 'is invalid')
        for 'javascript:alert(1)', 'data:text/html,x', 'a.png', 'ftp://example.com/a.png';
    $anna->put('/api/user', {})->refused(422, user => "can't be blank");
    is $set->()->status, 422, 'nothing to change';
    is $set->(unknown => 1)->status, 422, 'nothing known to change';
};

subtest 'a login that overlaps with a new password' => sub {
    my $carol = signed_in('carol');
    my ($db, $watch) = (pg(), pg());

    # What a login does, held before its commit.
    $db->begin_work;
    my ($user) = $db->selectrow_array('select id from auth.users where username = ? for share', undef, $carol->username);
    my ($late) = $db->selectrow_array(q{insert into auth.sessions (user_id, expires_at)
        values (?, now() + interval '15 minutes') returning id}, undef, $user);

    my $change = fork // die "fork: $!";
    if (!$change) {
        my $reply = $carol->put('/api/user', {user => {password => 'another good one'}});
        POSIX::_exit($reply->status == 200 ? 0 : 1);
    }

    ok wait_until(sub {
        $watch->selectrow_array(q{select count(*) from pg_stat_activity
            where application_name = 'devtalk-auth' and wait_event_type = 'Lock'})
    }, 2), 'the change waits for it';
    $db->commit;
    waitpid $change, 0;
    is $?, 0, 'and goes on';

    my ($ended) = $db->selectrow_array('select ended_at is not null from auth.sessions where id = ?', undef, $late);
    ok $ended, 'the session of the old password has ended too';
    my ($alive) = $db->selectrow_array('select count(*) from auth.sessions where user_id = ? and ended_at is null', undef, $user);
    is $alive, 1, 'the one of the new password lives';
    $_->{InactiveDestroy} = 0, $_->disconnect for $db, $watch;
};

subtest 'a new password that everybody uses' => sub {
    my $eve = signed_in('eve');
    $eve->put('/api/user', {user => {password => 'Baseball1'}})->refused(422, password => 'is too common');
    $eve->get('/api/user')->is(200, 'the session goes on');
};

finish();
