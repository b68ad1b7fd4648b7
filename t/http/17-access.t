use lib 't/lib';
use DevTalk::Test;

use DevTalk::Contract;

# Who may call what: for every operation of openapi.yaml under /api.  401 is
# decided before anything else is looked at: before 404, and before the body.

my $contract = DevTalk::Contract->new;
my $anna     = signed_in('anna');
my $nobody   = anybody();
my $liar     = anybody()->token($anna->token . 'x');

for my $route (grep { $_->{path} =~ m{^/api/} } @{$contract->routes}) {
    my $operation = $contract->schema->get([paths => $route->{path}, $route->{method}]);
    my $method    = uc $route->{method};
    my $path      = $route->{path} =~ s/\{id\}/1/r =~ s/\{\w+\}/unique('nothing')/er;

    for my $body (undef, '{') {
        my @body = defined $body ? (body => $body) : ();
        my $name = "$method $route->{path}" . (defined $body ? ' with a broken body' : '');

        $liar->request($method, $path, @body)
            ->refused(401, token => 'is invalid', -name => "$name: a bad token");

        my $reply = $nobody->request($method, $path, @body);
        if ($operation->{security}) {
            $reply->refused(401, token => 'is missing', -name => "$name: no token");
        }
        else {
            isnt $reply->status, 401, "$name: no token is needed";
        }

        # Who leaves needs another token afterwards.
        my $caller = "$method $path" =~ m{^(?:POST /api/users/logout|DELETE /api/sessions|DELETE /api/user)$} ? signed_in('leaver') : $anna;
        isnt $caller->request($method, $path, @body)->status, 401, "$name: a good token";
    }
}

finish();
