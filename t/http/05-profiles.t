use lib 't/lib';
use DevTalk::Test;

# What others see of a user, and following.

my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $name = $anna->username;
my $profile = sub ($client, $user = $name) {
    $client->get("/api/profiles/$user")->is(200)->json->{profile}
};

subtest 'a profile' => sub {
    $anna->put('/api/user', {user => {bio => 'I write', image => 'https://example.com/a.png'}})
        ->is(200);
    is_deeply $profile->(anybody()), {username => $name, bio => 'I write',
        image => 'https://example.com/a.png', following => false}, 'for anybody';
    is_deeply $profile->(anybody(2)), $profile->(anybody()), 'on both nodes';
    anybody()->get('/api/profiles/' . unique('nobody'))
        ->refused(404, profile => 'not found');
    anybody()->get('/api/profiles/' . 'x' x 41)->refused(404, profile => 'not found');
};

subtest 'following' => sub {
    is $bob->follow($anna)->{following}, true, 'begins';
    is $profile->($bob)->{following}, true, 'and is seen';
    is $profile->($bob->on(2))->{following}, true, 'on both nodes';
    is $profile->($anna, $bob->username)->{following}, false, 'it is not mutual';
    is $profile->(anybody())->{following}, false, 'and nobody else does';
    is $bob->follow($anna)->{following}, true, 'twice is once';

    my $unfollow = sub { $bob->delete("/api/profiles/$name/follow") };
    is $unfollow->()->is(200)->json->{profile}{following}, false, 'and ends';
    is $profile->($bob)->{following}, false, 'as is seen';
    is $unfollow->()->is(200)->json->{profile}{following}, false, 'twice too';
};

subtest 'refused' => sub {
    for my $method (qw(post delete)) {
        anybody()->$method("/api/profiles/$name/follow")
            ->refused(401, token => 'is missing');
        anybody()->$method('/api/profiles/' . unique('nobody') . '/follow')
            ->refused(401, token => 'is missing');
        $bob->$method('/api/profiles/' . unique('nobody') . '/follow')
            ->refused(404, profile => 'not found');
    }
    is $bob->post('/api/profiles/' . $bob->username . '/follow')->status, 422,
        'oneself is nobody to follow';
};

subtest 'a new name' => sub {
    $bob->follow($anna);
    my $new = unique('anna');
    $anna->put('/api/user', {user => {username => $new}})->is(200);
    is $profile->($bob, $new)->{following}, true, 'is followed as before';
};

finish();
