package DevTalk::Broker;

# A second broker beside that of the stack, for leaders that move.
#
#     my $broker = DevTalk::Broker->start;
#     $broker->lead(2, 'devtalk.comments', 0, 2, 4);    # these partitions
#     $broker->stop;                                    # after lead(1, ...)

use Mojo::Base -base, -signatures;

use IO::Socket::INET;
use Mojo::File qw(path);
use Mojo::JSON qw(decode_json);

use DevTalk::Stack qw(home kafka_broker wait_until);

has id   => 2;
has port => sub {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "listen: $@";
    $socket->sockport;
};

# Where the servers of this home keep their data: www-data must get there.
has state => sub { my $link = home() . '/state'; -l $link ? readlink $link : home() };
has dir   => sub ($self) { $self->state . '/kafka-' . $self->id };
has pid   => undef;

# As the driver does it, see scripts/kafka.sh.
my @USER = $< == 0 ? qw(setpriv --reuid=www-data --regid=www-data --init-groups) : ();


sub start ($class, %option) {
    my $self = $class->new(%option);
    my $dir  = path($self->dir)->remove_tree->make_path;
    $self->{owner} = $$;

    my $text = path($self->state, 'kafka', 'server.properties')->slurp;
    my ($id, $port, $old) = ($self->id, $self->port, $self->state . '/kafka/data');
    $text =~ s/^process\.roles=.*/process.roles=broker/m;
    $text =~ s/^node\.id=.*/node.id=$id/m;
    $text =~ s{^(listeners=BROKER://[\d.]+:)\d+.*}{$1$port}m;
    $text =~ s{^(advertised\.listeners=BROKER://[\d.]+:)\d+.*}{$1$port}m;
    $text =~ s{^log\.dirs=.*}{log.dirs=$dir/data}m;
    path($dir, 'server.properties')->spurt($text);
    path($self->state, 'kafka', 'log4j2.properties')->copy_to($dir);
    system('chown', '-R', 'www-data:', $dir) if @USER;

    my ($cluster) = path($old, 'meta.properties')->slurp =~ /^cluster\.id=(\S+)/m or die 'no cluster.id';
    system(join(' ', map {"'$_'"} @USER, $self->_java(128), 'kafka.tools.StorageTool', 'format', '-t', $cluster,
        '-c', "$dir/server.properties") . " >'$dir/log' 2>&1") == 0 or die path($dir, 'log')->slurp;

    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        open STDIN,  '<',  '/dev/null'  or die $!;
        open STDOUT, '>>', "$dir/log"   or die $!;
        open STDERR, '>&', \*STDOUT     or die $!;
        exec @USER, $self->_java(384), 'kafka.Kafka', "$dir/server.properties";
        die "java: $!";
    }
    $self->pid($pid);

    wait_until(sub { grep { $_->{id} == $id } @{$self->_metadata->{brokers}} }, 60)
        or die "no second broker: see $dir/log";
    return $self;
}

sub _java ($self, $memory) {
    my ($jars) = grep { my @found = glob "$_/kafka-clients-*.jar"; @found }
        $self->state . '/kafka/libs', ($ENV{DEVTALK_BUILD} // home() . '/build') . '/kafka/libs';
    return ('java', "-Xmx${memory}m", '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true',
        '-cp', "$jars/*", '-Dlog4j2.configurationFile=' . $self->state . '/kafka/log4j2.properties');
}


sub _metadata ($self) {
    open my $pipe, '-|', 'kcat', '-b', kafka_broker(), '-L', '-J', '-m', '5' or die "kcat: $!";
    local $/;
    return decode_json(scalar <$pipe>);
}

# { "topic/partition" => id of its leader }

sub leaders ($self) {
    return {map {
        my $topic = $_->{topic};
        map { ("$topic/$_->{partition}" => $_->{leader}) } @{$_->{partitions}}
    } @{$self->_metadata->{topics}}};
}


# Moves partitions to a broker, and waits until it leads them.

sub lead ($self, $id, $topic, @partitions) {
    $self->_reassign($id, $topic, @partitions);
    wait_until(sub {
        my $leaders = $self->leaders;
        !grep { $leaders->{"$topic/$_"} != $id } @partitions;
    }, 30) or die "broker $id does not lead $topic/@partitions";
}


# AlterPartitionReassignments, version 0, by hand: there is no tool for it in
# what a broker needs.  Lengths are one more than they are, and each structure
# ends with the number of its tagged fields.

sub _reassign ($self, $id, $topic, @partitions) {
    my $body = pack 'N C', 30_000, 2;
    $body .= _varint(length($topic) + 1) . $topic . _varint(@partitions + 1);
    $body .= pack 'N C N C', $_, 2, $id, 0 for @partitions;
    $body .= pack 'C C', 0, 0;
    my $request = pack('n n N n/a* C', 45, 0, 1, 'devtalk-test', 0) . $body;

    my $socket = IO::Socket::INET->new(PeerAddr => kafka_broker(), Timeout => 5) or die "kafka: $@";
    print {$socket} pack('N', length $request) . $request;
    $socket->flush;
    read $socket, my $size, 4;
    read $socket, my $answer, unpack 'N', $size;

    # Correlation id, tags, throttle time, error, message, ...
    my $wrong = unpack 'x9 n', $answer;
    die "reassignment of $topic: error $wrong" if $wrong;
}

sub _varint ($n) {
    my $bytes = '';
    while ($n > 127) { $bytes .= chr($n & 127 | 128); $n >>= 7 }
    return $bytes . chr $n;
}


sub stop ($self) {
    my $pid = $self->pid or return;
    $self->pid(undef);
    kill TERM => $pid;
    waitpid $pid, 0;
    path($self->dir)->remove_tree;
}

sub DESTROY ($self) {
    return unless ($self->{owner} // 0) == $$;
    local $?;
    $self->stop;
}


1;
