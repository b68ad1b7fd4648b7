package DevTalk::Client;

# Somebody who talks to a node: signed in if "token" is set.  Every reply is
# held against the contract.

use Mojo::Base -base, -signatures;

use Mojo::JSON qw(encode_json);
use Mojo::URL;
use Mojo::UserAgent;
use Mojo::Util qw(encode url_escape);
use Test::More ();

use DevTalk::Contract;
use DevTalk::Reply;
use DevTalk::Stack qw(node_url);

has node     => 1;
has scheme   => 'Token';
has user     => sub { {} };     # username, email, password, ...
has token    => undef;
has contract => sub { state $contract = DevTalk::Contract->new };
has ua       => sub ($self) { $self->fresh_ua };

our $checked = 0;               # replies held against the contract
my $owner = $$;                 # the process that counts tests


sub fresh_ua ($self) {
    return Mojo::UserAgent->new(max_redirects => 0, connect_timeout => 5,
        inactivity_timeout => 30, request_timeout => 30)
        ->max_response_size(64 << 20);
}

sub username ($self) { return $self->user->{username} }


# The same person at the other node.

sub on ($self, $node) {
    return DevTalk::Client->new(node => $node, user => $self->user,
        token => $self->token, scheme => $self->scheme);
}


# "get('/api/articles', query => {...}, headers => {...})",
# "post('/api/users', {user => {...}})", also "body => $bytes" as it is.

sub get     ($self, $path, @rest) { return $self->request(GET     => $path, @rest) }
sub head    ($self, $path, @rest) { return $self->request(HEAD    => $path, @rest) }
sub post    ($self, $path, @rest) { return $self->request(POST    => $path, @rest) }
sub put     ($self, $path, @rest) { return $self->request(PUT     => $path, @rest) }
sub delete  ($self, $path, @rest) { return $self->request(DELETE  => $path, @rest) }
sub options ($self, $path, @rest) { return $self->request(OPTIONS => $path, @rest) }


sub request ($self, $method, $path, @rest) {
    my $tx    = $self->transaction($method, $path, @rest);
    my $reply = $self->reply($method, $self->ua->start($tx));
    $self->check($reply, ref $rest[0] eq 'HASH' ? $rest[0] : undef);
    return $reply;
}


# As request(), but a promise of the reply; for many at once.

sub request_p ($self, $method, $path, @rest) {
    my $tx = $self->transaction($method, $path, @rest);
    my $keep = sub {
        my $reply = $self->reply($method, $tx);
        $self->check($reply, ref $rest[0] eq 'HASH' ? $rest[0] : undef);
        return $reply;
    };
    return $self->ua->start_p($tx)->then($keep, sub ($why) {
        $tx->res->error({message => $why}) unless $tx->res->error;
        return $keep->();
    });
}


sub transaction ($self, $method, $path, @rest) {
    my $json   = @rest % 2 ? shift @rest : undef;
    my %option = @rest;
    my $url    = node_url($self->node) . encode_path($path);

    if (my $query = $option{query}) {
        $url .= '?' . join '&', map {
            escape($_) . '=' . escape($query->{$_})
        } sort keys %$query;
    }

    my %headers = %{$option{headers} // {}};
    $headers{Authorization} //= $self->scheme . ' ' . $self->token
        if defined $self->token;
    delete $headers{Authorization} unless defined $headers{Authorization};

    my $body = $option{body};
    if (defined $json) {
        $body = encode_json $json;
    }
    if (defined $body) {
        $headers{'Content-Type'} //= 'application/json';
    }

    return $self->ua->build_tx($method => $url => \%headers,
        defined $body ? $body : ());
}


sub reply ($self, $method, $tx) {
    my $error = $tx->error;
    my $lost  = $error && !$error->{code} ? $error->{message} : undef;
    my %headers;

    for my $name (@{$tx->res->headers->names}) {
        $headers{lc $name} = join ', ', @{$tx->res->headers->every_header($name)};
    }

    return DevTalk::Reply->new(
        method  => $method,
        path    => $tx->req->url->path_query,
        status  => $lost ? 0 : $tx->res->code // 0,
        failure => $lost,
        headers => \%headers,
        body    => $tx->res->body,
    );
}


sub check ($self, $reply, $sent = undef) {
    return if $reply->failure;
    return if $reply->method eq 'OPTIONS';     # CORS: the gateway's own

    my $path  = $reply->path =~ s/\?.*//sr;
    my @wrong = $self->contract->check_reply($reply->method, $path, $reply);
    push @wrong, $self->contract->check_request($reply->method, $path, $sent)
        if $sent && $reply->status < 300;

    $checked++;
    return unless @wrong;

    # In a process of DevTalk::Load there is nobody to tell but its parent.
    die join "\n", $reply->_describe, @wrong, '' if $$ != $owner;

    Test::More::fail('the reply is what openapi.yaml promises');
    Test::More::diag(join "\n", $reply->_describe, map {"  $_"} @wrong);
}


# Paths are written as characters in tests: "/api/profiles/Анна".  What has a
# percent sign is encoded already.

sub encode_path ($path) {
    return $path if $path =~ /%/;
    my ($file, $query) = split /\?/, $path, 2;
    $file = join '/', map { escape($_) } split m{/}, $file, -1;
    return defined $query ? "$file?$query" : $file;
}

sub escape ($text) { return url_escape encode('UTF-8', $text), '^A-Za-z0-9\-._~!$\'()*,:@' }


# What /ready says of each server: { redis => 'up', 'postgres/auth' => ... }

sub servers ($self) {
    my $reply = $self->get('/ready');
    return {map { $_->{name} => $_->{state} } @{($reply->json // {})->{checks} // []}};
}


# What people do, each failing the test loudly when it does not work.

sub publish ($self, %article) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    %article = (
        title       => DevTalk::Test::unique('Title'),
        description => 'About it',
        body        => 'All of it',
        %article,
    );
    my $reply = $self->post('/api/articles', {article => \%article});
    return $self->_must($reply, 201, 'article');
}

sub edit ($self, $article, %change) {
    my $slug = ref $article ? $article->{slug} : $article;
    return $self->_must(
        $self->put("/api/articles/$slug", {article => \%change}), 200, 'article');
}

sub article ($self, $article) {
    my $slug = ref $article ? $article->{slug} : $article;
    return $self->_must($self->get("/api/articles/$slug"), 200, 'article');
}

sub comment ($self, $article, $body = 'Well said') {
    my $slug = ref $article ? $article->{slug} : $article;
    return $self->_must(
        $self->post("/api/articles/$slug/comments", {comment => {body => $body}}),
        201, 'comment');
}

sub comments ($self, $article) {
    my $slug = ref $article ? $article->{slug} : $article;
    return $self->_must($self->get("/api/articles/$slug/comments"), 200,
        'comments');
}

sub favorite ($self, $article) {
    my $slug = ref $article ? $article->{slug} : $article;
    return $self->_must($self->post("/api/articles/$slug/favorite"), 200,
        'article');
}

sub follow ($self, $other) {
    my $name = ref $other ? $other->username : $other;
    return $self->_must($self->post("/api/profiles/$name/follow"), 200,
        'profile');
}

sub _must ($self, $reply, $status, $member) {
    return $reply->json->{$member} if $reply->status == $status;
    die $reply->_describe . "\n" if $$ != $owner;
    Test::More::fail(join ' ', $reply->method, $reply->path, 'answers', $status);
    Test::More::diag($reply->_describe);
    die 'the test cannot go on without it';
}


1;
