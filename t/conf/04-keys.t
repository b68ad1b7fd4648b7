use lib 't/lib';
use DevTalk::Test;

use Mojo::File qw(path tempdir);
use Time::HiRes qw(time);

use DevTalk::Jwt qw(header_of);
use DevTalk::Load;

# ./devtalk keys: a new key signs, and nobody's token is refused for it; the
# key of before is taken for as long as its last token may live.

my $jwt = path(home(), 'secrets', 'jwt');

# The other tests go on with the key that there was.
my %before = map { $_->basename => $_->slurp } $jwt->list->each;
my $restore = sub {
    return unless %before;
    $_->remove for $jwt->list->each;
    for my $name (keys %before) {
        my $file = $jwt->child($name)->spurt($before{$name});
        chmod 0600, "$file";
    }
    devtalk('reload');
    %before = ();
};
my $owner = $$;
END { $restore->() if $restore && $$ == $owner }

sub devtalk ($action) {
    my $log  = path(home(), "keys-$$.out");
    my $code = system("'@{[DevTalk::Stack::root()]}/devtalk' $action >'$log' 2>&1 </dev/null");
    my $said = $log->slurp;
    $log->remove;
    is $code, 0, "devtalk $action" or diag $said;
    return $said;
}

my $known = sub ($node) {
    [sort map { $_->{kid} } @{anybody($node)->get('/.well-known/jwks.json')->is(200)->json->{keys}}]
};
my $login = sub ($client, $node = 1) {
    anybody($node)->post('/api/users/login', {user => {map { $_ => $client->user->{$_} } qw(email password)}})
        ->json->{user}{token}
};

my $anna     = signed_in('anna');
my $old      = $anna->token;
my $old_kid  = header_of($old)->{kid};
is_deeply $known->($_), [$old_kid], "node $_ knows one key" for 1, 2;

my $new_kid;

subtest 'rotate' => sub {
    my $place = tempdir;

    # Somebody who is signed in, and signs in again and again, at both nodes.
    my $somebody = DevTalk::Load->aside(sub {
        my @tokens = ($old);
        my ($asked, @refused) = (0);
        while (!-e "$place/enough") {
            push @tokens, $login->($anna, 1 + @tokens % 2) // '' if $asked % 10 == 0;
            my $token = $tokens[rand @tokens];
            my $reply = anybody(1 + $asked++ % 2)->token($token)->get('/api/user');
            push @refused, $reply->status . ' for one of ' . header_of($token)->{kid} if $reply->status != 200;
            path("$place/begun")->spurt('') if $asked == 20;
        }
        path("$place/refused")->spurt(join "\n", "$asked asked", @refused);
        return 1;
    });
    wait_until(sub { -e "$place/begun" }, 10);

    my $said = devtalk('keys rotate');
    path("$place/enough")->spurt('');
    ok $somebody->(), 'somebody has asked all the time';
    my ($asked, @refused) = split /\n/, path("$place/refused")->slurp;
    is_deeply \@refused, [], "$asked, nothing was refused";

    my $token = $login->($anna);
    $new_kid = header_of($token)->{kid};
    isnt $new_kid, $old_kid, 'another key signs';
    like $said, qr/^\Q$new_kid\E  signs$/m, 'as is said';
    like $said, qr/^\Q$old_kid\E  is taken until \d/m, 'and how long the other is taken';
    for my $node (1, 2) {
        is_deeply $known->($node), [sort $old_kid, $new_kid], "node $node knows both";
        $anna->on($node)->token($_)->get('/api/user')->is(200, 'and takes both') for $old, $token;
        is header_of($login->($anna, $node))->{kid}, $new_kid, 'and signs with the new one';
    }
};

subtest 'for several machines, in two steps' => sub {
    my ($kid) = devtalk('keys add') =~ /^(\S+)  is known here/m;
    for my $node (1, 2) {
        is_deeply $known->($node), [sort $old_kid, $new_kid, $kid], "node $node knows it";
        is header_of($login->($anna, $node))->{kid}, $new_kid, 'and does not sign with it';
    }
    devtalk("keys use $kid");
    is header_of($login->($anna, $_))->{kid}, $kid, "node $_ signs with it" for 1, 2;
};

subtest 'a retired key ends' => sub {
    my $until = int(time) + 3;
    $jwt->child("$old_kid.until")->spurt($until);
    devtalk('reload');
    for my $node (1, 2) {
        eventually "node $node refuses its token", 10, sub {
            anybody($node)->token($old)->get('/api/user')->status == 401
        };
        cmp_ok time, '>=', $until - 1, 'not before its time';
        ok !(grep { $_ eq $old_kid } @{$known->($node)}), 'and does not publish it';
        is header_of($login->($anna, $node))->{kid}, (grep { $_ !~ /^\Q$old_kid\E|^\Q$new_kid\E/ } @{$known->($node)})[0],
            'all else goes on';
    }
    like devtalk('keys add'), qr/^\Q$old_kid\E has ended$/m, 'its file goes with the next one';
    ok !-e $jwt->child("$old_kid.pem"), 'and is not there';
};

$restore->();
finish();
