use lib 't/lib';
use DevTalk::Test;

# Registering.

my $name = unique('anna');
my %anna = (username => $name, email => "$name\@example.com",
    password => password());

subtest 'a new user' => sub {
    my $user = anybody()->post('/api/users', {user => \%anna})
        ->is(201, 'is created')->json->{user};

    is $user->{username}, $anna{username}, 'with the name';
    is $user->{email},    $anna{email},    'and the address';
    is $user->{bio},      undef,           'and no bio yet';
    is $user->{image},    undef,           'nor image';

    my $anna = anybody()->token($user->{token});
    is $anna->get('/api/user')->is(200, 'the token is good')
        ->json->{user}{username}, $name, 'and hers';
    $anna->on(2)->get('/api/user')->is(200, 'on the other node too');
};

subtest 'names and addresses are unique, whatever their case' => sub {
    my %other = (%anna, username => unique('other'), email => unique('other') . '@example.com');

    anybody()->post('/api/users', {user => {%other, username => $name}})
        ->refused(409, username => 'has already been taken');
    anybody()->post('/api/users', {user => {%other, email => $anna{email}}})
        ->refused(409, email => 'has already been taken');
    anybody()->post('/api/users', {user => {%other, username => uc $name}})
        ->refused(409, username => 'has already been taken');
    anybody()->post('/api/users', {user => {%other, email => ucfirst $anna{email}}})
        ->refused(409, email => 'has already been taken');
};

subtest 'two at once with one name' => sub {
    my $name  = unique('twins');
    my @promises = map {
        anybody($_ % 2 + 1)->request_p(POST => '/api/users', {user => {
            username => $name, email => unique('twin') . '@example.com',
            password => password()}});
    } 1 .. 6;

    my @statuses;
    for my $promise (@promises) {
        $promise->then(sub ($reply) { push @statuses, $reply->status })->wait;
    }
    is_deeply [sort @statuses], [201, (409) x 5], 'one of them gets it';
};

subtest 'what is missing' => sub {
    for my $field (qw(username email password)) {
        my %user = %anna;
        delete $user{$field};
        anybody()->post('/api/users', {user => \%user})
            ->refused(422, $field => "can't be blank");
        anybody()->post('/api/users', {user => {%user, $field => ''}})
            ->refused(422, $field => "can't be blank");
        anybody()->post('/api/users', {user => {%user, $field => undef}})
            ->refused(422, $field => "can't be blank");
    }

    anybody()->post('/api/users', {user => {}})->refused(422,
        map { ($_ => "can't be blank") } qw(username email password));
    anybody()->post('/api/users', {})->refused(422, user => "can't be blank");
};

subtest 'what breaks a rule' => sub {
    my $refused = sub ($field, $value, $message) {
        anybody()->post('/api/users', {user => {%anna, $field => $value}})
            ->refused(422, $field => $message);
    };

    $refused->(username => 'x' x 41, 'is too long (maximum is 40 characters)');
    $refused->(email => ('x' x 250) . '@example.com', 'is too long (maximum is 254 characters)');
    $refused->(password => 'x' x 7,   'is too short (minimum is 8 characters)');
    $refused->(password => $_, 'is too common') for qw(password 12345678 Password1 iloveyou QWERTYUIOP sunshine1);
    $refused->(password => 'x' x 129, 'is too long (maximum is 128 characters)');
    $refused->(email => $_, 'is invalid')
        for 'anna', 'anna@', '@example.com', 'an na@example.com';

    $refused->(username => $_, 'is invalid')
        for 'Анна', 'an na', 'anna/x', 'anna?', "anna\n1", '.', '..', '-anna', "an\x{200b}na", 'a%b';

    for my $wrong (1, true, [], {}) {
        $refused->($_ => $wrong, 'must be a string') for qw(username email password);
    }
};

subtest 'characters count, not bytes' => sub {
    my $register = sub ($password) {
        my $name = unique('anna');
        anybody()->post('/api/users', {user => {username => $name, email => "$name\@example.com", password => $password}});
    };
    $register->('пароль7')->refused(422, password => 'is too short (minimum is 8 characters)');
    $register->('пароль78')->is(201, '8 letters of two bytes are a password');
    $register->('щ' x 128)->is(201, '128 too');
    $register->("\x{1F600}" x 128)->is(201, 'and 128 of four bytes');
};

subtest 'unknown members are ignored' => sub {
    my $name = unique('eve');
    my $eve  = anybody()->post('/api/users', {admin => true, user => {
        username => $name, email => "$name\@example.com", password => password(),
        role => 'admin', id => 1, bio => 'Written in', blocked => true,
    }})->is(201);
    my $row = pg()->selectrow_hashref(
        'select * from auth.users where username = ?', undef, $name);
    isnt $row->{role} // 'user', 'admin', 'a role is not taken from a stranger';
    isnt $row->{id}, 1, 'nor an id';
    is $eve->json->{user}{bio}, undef, 'nor a bio, at this place';
};

subtest 'passwords' => sub {
    my ($hash) = pg()->selectrow_array(
        'select hash from auth.passwords join auth.users on users.id = user_id where username = ?', undef, $name);
    like $hash, qr/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/,
        'are kept as Argon2id: 19 MiB, two passes';
    unlike $hash, qr/\Q$anna{password}\E/, 'and not as they are';
};

finish();
