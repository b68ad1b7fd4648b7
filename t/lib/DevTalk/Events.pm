package DevTalk::Events;

# Events as they pass through Kafka: a reader that follows topics from the
# moment it was made, and a way to put messages there.  By kcat.

use Mojo::Base -base, -signatures;

use File::Temp ();
use JSON::Validator;
use Mojo::JSON qw(decode_json from_json);
use Time::HiRes qw(time);

use DevTalk::Stack qw(kafka_broker root wait_until);

has topics => sub { [qw(devtalk.users devtalk.articles devtalk.comments)] };
has from   => sub { int(time * 1000) };        # ms
has file   => sub { root() . '/docs/api/asyncapi.yaml' };
has contract => sub ($self) {
    require YAML::XS;
    local $YAML::XS::Boolean = 'JSON::PP';
    YAML::XS::LoadFile($self->file);
};


sub start ($class, @topics) {
    my $self = $class->new(@topics ? (topics => \@topics) : ());
    $self->_follow($_) for @{$self->topics};
    return $self;
}


# kcat reads what was written since "from" and goes on; through a loss of the
# broker too (-E).

sub _follow ($self, $topic) {
    my $file = File::Temp->new;
    my $err  = File::Temp->new;
    my $from = 's@' . $self->from;

    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        open STDIN,  '<',  '/dev/null' or die $!;
        open STDOUT, '>&', $file       or die $!;
        open STDERR, '>&', $err        or die $!;
        exec 'kcat', '-C', '-b', kafka_broker(), '-t', $topic, '-o', $from,
            '-J', '-q', '-u', '-E', '-X', 'reconnect.backoff.max.ms=500',
            '-X', 'allow.auto.create.topics=false';
        die "kcat: $!";
    }

    $self->{followed}{$topic} = {pid => $pid, file => $file, err => $err,
        at => 0, events => [], owner => $$};
}

sub DESTROY ($self) {
    for my $followed (values %{$self->{followed} // {}}) {
        next unless $followed->{owner} == $$;
        local $?;
        kill TERM => $followed->{pid};
        waitpid $followed->{pid}, 0;
    }
}


# All events so far that fit: "all('devtalk.articles', key => 17,
# type => 'article.updated', id => ...)".

sub all ($self, $topic, %want) {
    $self->_read($topic);
    return grep {
        my $event = $_;
        (!defined $want{key} || ($event->{key} // '') eq $want{key})
            && (!defined $want{id} || ($event->{headers}{ce_id} // '') eq $want{id})
            && (!defined $want{type} || ($event->{headers}{ce_type} // '')
            eq "dev.devtalk.$want{type}")
            && (!$want{where} || do { local $_ = $event; $want{where}->($event->{data}) })
    } @{$self->{followed}{$topic}{events}};
}


# The first that fits, or undef when the time is over.

sub one ($self, $topic, %want) {
    my $seconds = delete $want{within} // 10;
    return wait_until(sub { ($self->all($topic, %want))[0] }, $seconds);
}


# At least "count" that fit, or as many as there are when the time is over.

sub at_least ($self, $count, $topic, %want) {
    my $seconds = delete $want{within} // 15;
    wait_until(sub { $self->all($topic, %want) >= $count }, $seconds);
    return $self->all($topic, %want);
}


sub _read ($self, $topic) {
    my $followed = $self->{followed}{$topic} or die "nobody follows $topic";

    open my $file, '<:raw', $followed->{file}->filename or die $!;
    seek $file, $followed->{at}, 0;

    while (defined(my $line = <$file>)) {
        last unless $line =~ /\n$/;
        $followed->{at} += length $line;
        push @{$followed->{events}}, _event($line);
    }
}

sub _event ($line) {
    # kcat passes on what is no UTF-8 as it is.
    my $message = eval { decode_json $line } // from_json $line;
    my @headers = @{$message->{headers} // []};
    my %headers;

    while (my ($name, $value) = splice @headers, 0, 2) {
        $headers{$name} = $value;
    }

    return {
        topic     => $message->{topic},
        partition => $message->{partition},
        offset    => $message->{offset},
        key       => $message->{key},
        payload   => $message->{payload},
        headers   => \%headers,
        data      => eval { from_json $message->{payload} } // undef,
    };
}


# What is wrong with an event, by asyncapi.yaml: a list of sentences.

sub check ($self, $event) {
    my $type = $event->{headers}{ce_type} // return 'no ce_type';
    my $channel = $self->contract->{channels}{$event->{topic}}
        or return "topic $event->{topic} is not documented";
    my ($message) = grep { $_->{name} eq $type }
        map { $self->_deref($_) } @{$channel->{subscribe}{message}{oneOf}};

    return "$type is not documented on $event->{topic}" unless $message;

    my $headers = $self->_deref($message->{headers});
    return (
        (map {"headers $_"} $self->_validate($event->{headers}, $headers)),
        (map {"key $_"} $self->_validate($event->{key} // '',
            $message->{bindings}{kafka}{key})),
        (map {"data $_"} $self->_validate($event->{data}, $message->{payload})),
    );
}

# A part of the contract as a schema of its own, so that its references work.

sub _validate ($self, $data, $part) {
    my $schema = {
        '$schema'  => 'http://json-schema.org/draft-07/schema#',
        components => $self->contract->{components},
        allOf      => [$part],
    };
    my $validator = JSON::Validator->new->schema($schema)->schema;
    $validator->{coerce} = {};
    return $validator->validate($data);
}

sub _deref ($self, $node) {
    return $node unless ref $node eq 'HASH' && $node->{'$ref'};
    my $found = $self->contract;
    $found = $found->{$_ =~ s/~1/\//gr} for split m{/}, $node->{'$ref'} =~ s{^#/}{}r;
    return $self->_deref($found);
}


# Puts a message on a topic: the bytes as they are.

sub put ($self, $topic, %message) {
    my $file = File::Temp->new;
    binmode $file;
    print $file $message{payload} // '';
    close $file;

    my %headers = %{$message{headers} // {}};
    system('kcat', '-P', '-b', kafka_broker(), '-t', $topic,
        defined $message{partition} ? ('-p', $message{partition}) : (),
        defined $message{key} ? ('-k', $message{key}) : (),
        (map { ('-H', "$_=$headers{$_}") } sort keys %headers),
        $file->filename) == 0 or die "kcat -P: $?";
    return;
}


# Exactly as it was, once more.

sub repeat ($self, $event) {
    return $self->put($event->{topic}, map { ($_ => $event->{$_}) }
        qw(partition key headers payload));
}


1;
