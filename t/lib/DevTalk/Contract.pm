package DevTalk::Contract;

# The HTTP contract: is a reply what docs/api/openapi.yaml promises?

use Mojo::Base -base, -signatures;

use JSON::Validator;
use JSON::Validator::Schema::OpenAPIv3;
use Mojo::JSON qw(decode_json);
use Mojo::Util qw(url_unescape);

has file   => sub { root() . '/docs/api/openapi.yaml' };
has schema => sub ($self) {
    my $schema = JSON::Validator->new->schema($self->file)->schema;
    $schema->{coerce} = {};     # "1" is no integer here
    $schema;
};
has routes => sub ($self) {
    [map { {%$_, regex => _regex($_->{path})} } $self->schema->routes->each];
};


sub root {
    require DevTalk::Stack;
    return DevTalk::Stack::root();
}


# The documented operation of a request, or undef.  A literal path comes
# before one with a parameter: that is the order of "routes".

sub operation ($self, $method, $path) {
    $method = lc $method;
    $method = 'get' if $method eq 'head';

    for my $route (@{$self->routes}) {
        return $route if $route->{method} eq $method && $path =~ $route->{regex};
    }

    return undef;
}


# What is wrong with a reply: a list of sentences, empty if it is as promised.

sub check_reply ($self, $method, $path, $reply) {
    my $promised = $self->_promise($method, $path, $reply->status)
        or return 'status ' . $reply->status . ' is not documented';

    return (
        $self->_check_headers($promised, $reply),
        $self->_check_body($method, $promised, $reply),
    );
}


# The same for a body that a server has accepted: one that the contract does
# not allow shows that the contract is too narrow.

sub check_request ($self, $method, $path, $body) {
    my $route = $self->operation($method, $path) or return;

    my $schema = $self->schema->get([paths => $route->{path}, $route->{method},
        'requestBody', 'content', 'application/json', 'schema']) or return;

    return map {"request body $_"} $self->schema->validate($body, $schema);
}


sub _promise ($self, $method, $path, $status) {
    my $responses = $self->schema->get('/components/responses');

    if (my $route = $self->operation($method, $path)) {
        my $operation = $self->schema->get([paths => $route->{path},
            $route->{method}]);
        return $self->_follow($operation->{responses}{$status});
    }

    # Paths and methods that are not there have their own promises.
    return $self->_follow($responses->{
        {
            400 => 'Malformed',    401 => 'Unauthorized',
            404 => 'NotFound',     405 => 'MethodNotAllowed',
            413 => 'TooLarge',     414 => 'UriTooLong',
            429 => 'TooMany',
        }->{$status} // ''
    });
}


sub _follow ($self, $node) {
    return undef unless $node;
    return $node unless exists $node->{'$ref'};
    return $self->schema->get($node->{'$ref'} =~ s/^#//r);
}


sub _check_headers ($self, $promised, $reply) {
    my @wrong;
    my $headers = $promised->{headers} // {};

    for my $name (sort keys %$headers) {
        my $header = $self->_follow($headers->{$name});
        my $value  = $reply->header($name);

        if (!defined $value) {
            push @wrong, "header $name is missing" if $header->{required};
            next;
        }

        my $type = $header->{schema}{type} // '';
        if ($type eq 'integer') {
            push @wrong, "header $name: $value is no integer" and next
                unless $value =~ /^\d+$/;
            $value += 0;
        }

        push @wrong, map {"header $name: $value: $_"}
            $self->schema->validate($value, $header->{schema});
    }

    return @wrong;
}


sub _check_body ($self, $method, $promised, $reply) {
    my $content = $promised->{content};
    my $body    = $reply->body;

    if (!$content || !%$content || $method eq 'HEAD') {
        return length $body ? 'has a body, but should have none' : ();
    }

    my ($type) = ($reply->header('Content-Type') // '') =~ /^([^;\s]*)/;
    my $media = $content->{$type}
        or return "Content-Type $type is not one of @{[sort keys %$content]}";

    return unless $type =~ /json$/;

    my $data = eval { decode_json $body };
    return "body is no JSON: $@" if $@;

    my @wrong = map {"body $_"} $self->schema->validate($data, $media->{schema});

    # What a schema cannot say.
    if ($type eq 'application/problem+json' && ref $data eq 'HASH') {
        push @wrong, "status in the body is $data->{status}"
            if ($data->{status} // 0) != $reply->status;
        push @wrong, "requestId in the body is $data->{requestId}"
            if ($data->{requestId} // '') ne ($reply->header('X-Request-Id') // '');
    }

    return @wrong;
}


sub _regex ($path) {
    my $pattern = join '', map { /^\{/ ? '[^/]+' : quotemeta }
        split /(\{[^}]+\})/, $path;
    return qr/^$pattern$/;
}


1;
