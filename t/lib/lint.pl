# Checks openapi.yaml and asyncapi.yaml; see t/lint.sh.

use Mojo::Base -strict, -signatures;

use JSON::Validator;
use YAML::XS ();

my ($openapi, $asyncapi) = @ARGV;
my @wrong;

sub wrong ($file, @texts) { push @wrong, map {"$file: $_"} @texts }


# Calls back with each hash of a tree and its JSON pointer.

sub walk ($node, $at, $visit) {
    if (ref $node eq 'HASH') {
        $visit->($node, $at);
        walk($node->{$_}, $at . '/' . $_ =~ s/~/~0/gr =~ s/\//~1/gr, $visit) for sort keys %$node;
    }
    elsif (ref $node eq 'ARRAY') {
        walk($node->[$_], "$at/$_", $visit) for 0 .. $#$node;
    }
}

sub find ($root, $pointer) {
    my $node = $root;
    for my $key (split m{/}, $pointer =~ s{^#/}{}r) {
        return undef unless ref $node eq 'HASH';
        $node = $node->{$key =~ s/~1/\//gr =~ s/~0/~/gr};
    }
    return $node;
}

sub follow ($doc, $node) {
    return $node->{'$ref'} ? find($doc, $node->{'$ref'}) : $node;
}

sub load ($file) {
    local $YAML::XS::Boolean = 'JSON::PP';
    return YAML::XS::LoadFile($file);
}


# Both: references lead somewhere, and what is defined is used.

sub check_references ($file, $doc) {
    my %used;

    walk($doc, '#', sub ($node, $at) {
        my $ref = $node->{'$ref'};
        return if !defined $ref || ref $ref;
        $used{$ref}++;
        wrong($file, "$at: $ref leads nowhere") unless find($doc, $ref);
        wrong($file, "$at: members beside \$ref are ignored") if keys %$node > 1;
    });

    for my $kind (sort keys %{$doc->{components}}) {
        next if $kind eq 'securitySchemes';
        for my $name (sort keys %{$doc->{components}{$kind}}) {
            my $ref = "#/components/$kind/$name";
            next if $used{$ref} || $ref eq '#/components/responses/MethodNotAllowed';
            wrong($file, "$ref is used by nobody");
        }
    }
}


sub check_openapi ($file) {
    my $doc    = load($file);
    my $schema = JSON::Validator->new->schema($file)->schema;

    wrong($file, @{$schema->errors});
    check_references($file, $doc);

    my (%id, %tag);
    $tag{$_->{name}}++ for @{$doc->{tags}};

    for my $path (sort keys %{$doc->{paths}}) {
        my $item   = $doc->{paths}{$path};
        my @common = map { follow($doc, $_) } @{$item->{parameters} // []};

        for my $method (grep {/^(?:get|put|post|delete|patch)$/} sort keys %$item) {
            my $operation = $item->{$method};
            my $what      = "$method $path";

            wrong($file, "$what: no operationId") unless $operation->{operationId};
            wrong($file, "$what: operationId $operation->{operationId} is there twice") if $id{$operation->{operationId} // ''}++;
            wrong($file, "$what: no summary") unless $operation->{summary};
            wrong($file, "$what: tag $_ is not declared") for grep { !$tag{$_} } @{$operation->{tags} // ['(none)']};

            my @parameters = (@common, map { follow($doc, $_) } @{$operation->{parameters} // []});
            my %declared   = map { $_->{name} => 1 } grep { $_->{in} eq 'path' } @parameters;
            my %named      = map { $_ => 1 } $path =~ /\{([^}]+)\}/g;
            wrong($file, "$what: {$_} is not declared") for grep { !$declared{$_} } keys %named;
            wrong($file, "$what: $_ is not in the path") for grep { !$named{$_} } keys %declared;

            my $responses = $operation->{responses};
            wrong($file, "$what: no good answer") unless grep {/^[23]/} keys %$responses;
            wrong($file, "$what: needs a token, but never answers 401") if $operation->{security} && !$responses->{401};
            wrong($file, "$what: takes a body, but never answers 415") if $operation->{requestBody} && !$responses->{415};
        }
    }

    check_examples($file, $schema);
}


# An example that breaks its own schema misleads.

sub check_examples ($file, $schema) {
    walk($schema->data, '#', sub ($node, $at) {
        return unless exists $node->{example} && ref $node->{schema} eq 'HASH';
        my @errors = $schema->validate($node->{example}, $node->{schema});
        wrong($file, map {"$at/example: $_"} @errors);
    });
}


sub check_asyncapi ($file) {
    my $doc = load($file);

    wrong($file, 'asyncapi is not 2.6.0') if ($doc->{asyncapi} // '') ne '2.6.0';
    wrong($file, "no $_") for grep { !$doc->{info}{$_} } qw(title version description);
    check_references($file, $doc);

    my (%id, %name);

    for my $topic (sort keys %{$doc->{channels}}) {
        my $operation = $doc->{channels}{$topic}{subscribe};
        wrong($file, "$topic: no subscribe") and next unless $operation;
        wrong($file, "$topic: operationId is there twice") if $id{$operation->{operationId} // ''}++;
        wrong($file, "$topic: no dead letters") unless $topic =~ /\.dead$/ || $doc->{channels}{"$topic.dead"};

        my $message = $operation->{message};
        for my $one (map { follow($doc, $_) } @{$message->{oneOf} // [$message]}) {
            wrong($file, "$topic: a message without $_") for grep { !$one->{$_} } qw(name title headers payload);
            next if $topic =~ /\.dead$/;
            wrong($file, "$topic: $one->{name} is there twice") if $name{$one->{name}}++;
            wrong($file, "$topic: $one->{name} has no key") unless $one->{bindings}{kafka}{key};
        }
    }

    check_schema($file, $_, $doc->{components}{schemas}{$_}) for sort keys %{$doc->{components}{schemas}};
}


# A misspelt keyword is no error to a validator: it asks nothing.

my %KEYWORD = map { $_ => 1 } qw(description type enum pattern format minimum maximum minLength maxLength
    minItems maxItems uniqueItems items required properties additionalProperties oneOf allOf anyOf);
my %TYPE = map { $_ => 1 } qw(object array string integer number boolean null);

sub check_schema ($file, $at, $schema) {
    return if $schema->{'$ref'};

    wrong($file, "$at: no keyword: $_") for grep { !$KEYWORD{$_} } sort keys %$schema;
    my $type = $schema->{type} // '';
    wrong($file, "$at: no type: $_") for grep { !$TYPE{$_} } ref $type ? @$type : $type;

    my $properties = $schema->{properties} // {};
    wrong($file, "$at: $_ is required, but not described") for grep { !$properties->{$_} } @{$schema->{required} // []};
    check_schema($file, "$at/$_", $properties->{$_}) for sort keys %$properties;
    check_schema($file, "$at/items", $schema->{items}) if $schema->{items};
}


check_openapi($openapi);
check_asyncapi($asyncapi);

say for @wrong;
say "$openapi and $asyncapi: ", @wrong ? scalar(@wrong) . ' defects' : 'good';
exit(@wrong ? 1 : 0);
