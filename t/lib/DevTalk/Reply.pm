package DevTalk::Reply;

# What came back for a request, with the assertions that tests need most.

use Mojo::Base -base, -signatures;

use Mojo::JSON qw(decode_json);
use Test::More ();

has [qw(method path status headers body failure)];


sub header ($self, $name) { return $self->headers->{lc $name} }

sub json ($self) {
    return $self->{json} //= eval { decode_json $self->body };
}

sub etag ($self) { return $self->header('ETag') }

sub request_id ($self) { return $self->header('X-Request-Id') }


# The next page's path and query, or undef.

sub next_page ($self) {
    my ($url) = ($self->header('Link') // '') =~ /<([^>]+)>;\s*rel="?next"?/
        or return undef;
    return $url =~ s{^https?://[^/]+}{}r;
}


# "$reply->is(201, 'publishes')": asserts the status, and returns the reply.

sub is ($self, $status, $name = undef) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $name //= sprintf '%s %s answers %d', $self->method, $self->path, $status;
    Test::More::is($self->status, $status, $name)
        or Test::More::diag($self->_describe);
    return $self;
}


# Status and the whole "errors" member: "$reply->refused(422, title => "can't
# be blank")".

sub refused ($self, $status, %errors) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $name = ref $errors{-name} ? undef : delete $errors{-name};
    ref or $_ = [$_] for values %errors;
    $name //= join ' ', $self->method, $self->path =~ s/^(.{60}).*/$1…/sr,
        'is refused:', $status, map {"$_ @{$errors{$_}}"} sort keys %errors;
    Test::More::is_deeply(
        [$self->status, ($self->json // {})->{errors}], [$status, \%errors],
        $name) or Test::More::diag($self->_describe);
    return $self;
}


sub _describe ($self) {
    return join "\n", map { s/^(.{600}).*/$1…/sr }
        $self->method . ' ' . $self->path,
        'status ' . ($self->status // 'none') . ($self->failure ? ' ' . $self->failure : ''),
        'request id ' . ($self->request_id // 'none'),
        $self->body // '';
}


1;
