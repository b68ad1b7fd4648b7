use lib 't/lib';
use DevTalk::Test;

use Mojo::File qw(path);
use POSIX ();
use Time::HiRes qw(sleep time);

use DevTalk::Broker;
use DevTalk::Events;
use DevTalk::Figures;
use DevTalk::Mixed;

# Kafka away, slow, and its leaders moved to another broker, under load:
# writes do not notice; afterwards every event comes, once, each key's in
# order, and has its effect once.

my $LONG   = $ENV{DEVTALK_LONG};
my $events = DevTalk::Events->start;
my $pg     = pg();
my $waiting = sub {
    $pg->selectrow_array('select (select count(*) from articles.outbox) + (select count(*) from comments.outbox)')
};
my %WRITE = map { $_ => 1 } qw(publish edit comment recomment uncomment favorite);
my $mixed = DevTalk::Mixed->start(weights => {edit => 8, comment => 10});

# p99 of the writes since the last time, none of which may have failed.
my $writes = sub ($name) {
    my @writes = grep { $WRITE{$_->{kind}} } $mixed->take;
    my @failed = grep { $_->{why} || $_->{status} !~ /^2/ } @writes;
    is_deeply [map { join ' ', map { $_ // '' } @$_{qw(kind status why note)} } @failed], [], "$name: no write failed of " . @writes;
    return figure("Kafka $name: p99 of writes, ms", 1000 * percentile(99, map { $_->{took} } @writes));
};

sleep 3;
my $usual = $writes->('there');

my $fault = sub ($name, $seconds, $break, $mend) {
    subtest $name => sub {
        $break->();
        my $until = time + $seconds;
        my ($before, $most) = ($waiting->(), 0);
        while (time < $until) {
            my $now = $waiting->();
            $most = $now if $now > $most;
            sleep 0.2;
        }
        my $p99 = $writes->($name);
        cmp_ok $p99, '<', 3 * $usual + 50, 'writes do not notice';
        figure("Kafka $name: most events waiting", $most);

        # The faults have their own assertions.
        my $begun = time;
        $mend->($before, $most);
        eventually 'the outbox empties', 10 + $seconds, sub { $waiting->() < 20 };
        figure("Kafka $name: caught up after", ms(time - $begun));
        eventually "node $_ is whole", 10, sub { whole($_) } for 1, 2;
        $writes->("$name, afterwards");
    };
};


# Away, as the driver stops it, and as a crash.
for my $how ($LONG ? ('stop', 'stop --now') : ('stop --now')) {
    $fault->('away', $LONG ? 60 : 8, sub {
        server($how, 'kafka');
    }, sub ($before, $most) {
        cmp_ok $most, '>', $before + 50, "$most events wait";
        for my $node (1, 2) {
            eventually "node $node knows", 15, sub { anybody($node)->servers->{kafka} eq 'down' };
            is anybody($node)->get('/ready')->is(200, 'and serves')->json->{status}, 'degraded', 'without';
        }
        eventually 'a metric shows how many', 5, sub { metric('devtalk_outbox_rows') >= 50 };
        server('start', 'kafka');
    });
}


# Slow: it has a fifth of its time.
my $brake;
my $kafka = sub { path(home(), 'kafka', 'pid')->slurp + 0 };
$fault->('slow', $LONG ? 60 : 8, sub {
    my $pid = $kafka->();
    defined($brake = fork) or die "fork: $!";
    return if $brake;

    my $going = 1;
    local $SIG{TERM} = sub { $going = 0 };
    while ($going && getppid > 1) {
        kill STOP => $pid;
        sleep 0.4;
        kill CONT => $pid;
        sleep 0.1;
    }
    kill CONT => $pid;
    POSIX::_exit(0);
}, sub ($before, $most) {
    kill TERM => $brake;
    waitpid $brake, 0;
});


# The leaders of half the partitions go to another broker, then all of them
# do, then all come back.
my $broker = DevTalk::Broker->start;
my @topics = ('devtalk.articles', 'devtalk.comments', 'devtalk.users');
$mixed->take;
$fault->('with leaders moved', $LONG ? 30 : 4, sub {
    for my $partitions ([1, 3, 5], [0, 2, 4]) {
        $broker->lead(2, $_, @$partitions) for @topics;
        sleep($LONG ? 10 : 1);
    }
    my $leaders = $broker->leaders;
    is_deeply [grep { /^devtalk\.\w+\// && $leaders->{$_} != 2 } sort keys %$leaders], [], 'they have moved';
}, sub ($before, $most) {
    $broker->lead(1, $_, 0 .. 5) for @topics;
    my $leaders = $broker->leaders;
    is_deeply [grep { $leaders->{$_} != 1 } sort keys %$leaders], [], 'and are back';
});

$mixed->stop;
$mixed->verify('Kafka away');
$broker->stop;


subtest 'the events' => sub {
    my ($all, $again) = (0, 0);
    my (@unordered, %times, %partition, @split);

    for my $topic (@topics) {
        my %last;
        for my $event ($events->all($topic)) {
            my ($id, $time, $key) = ($event->{headers}{ce_id}, $event->{headers}{ce_time}, "$topic $event->{key}");
            $all++;
            $again++, next if $times{$id}++;

            # Of one key each was written when the one before had been.
            push @unordered, "$key: $time behind $last{$key}" if ($last{$key} // '') gt $time;
            $last{$key} = $time;
            push @split, $key if ($partition{$key} //= $event->{partition}) != $event->{partition};
        }
    }
    figure('Kafka away: events', $all);
    figure('Kafka away: events that came again, by their id', $again, '0');
    is $again, 0, 'each came once';
    is_deeply \@unordered, [], "each key's in order";
    is_deeply \@split, [], 'on one partition';
};

finish();
