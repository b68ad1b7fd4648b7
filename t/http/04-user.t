use lib 't/lib';
use DevTalk::Test;

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

finish();
