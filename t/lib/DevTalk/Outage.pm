package DevTalk::Outage;

# What the clients of the mixed load meet while PostgreSQL is away, and how
# soon after its return all is well.
#
#     my $outage = DevTalk::Outage->start;
#     $outage->test('PostgreSQL stopped', 3, sub { stop }, sub { start });
#     $outage->finish('PostgreSQL away');

use Mojo::Base -base, -signatures;

use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Mixed;
use DevTalk::Stack qw(metric metrics pg wait_until);
use DevTalk::Stock;
use DevTalk::Test ();

has mixed => undef;
has stock => sub { DevTalk::Stock->start };
has queue => 0;             # statements that waited in a queue: the most seen
has took  => sub { {} };    # seconds of requests during outages, by kind

my $SLOW = $ENV{DEVTALK_SLOW} || 1;


sub start ($class, %option) {
    my $quiet = '/api/articles/' . DevTalk::Test::signed_in('anna')->publish->{slug};
    my $self  = $class->new;
    $self->mixed(DevTalk::Mixed->start(%option,
        probes => {health => '/health', cached => $quiet, stock => $self->stock->url}));

    my @before = $self->mixed->going(3);
    is_deeply [wrong(@before)], [], 'all is well at first, ' . @before . ' times';
    return $self;
}


# What is neither right nor a 503 as it should be; with "503" that too.

sub wrong (@outcomes) {
    return map { join ' ', grep {defined} @$_{qw(kind node status why note)} } bad(@outcomes);
}

sub bad (@outcomes) { return grep { $_->{why} || $_->{status} !~ /^2/ } @outcomes }


# From "leave" on it is not there, and "back" returns when it takes
# connections again.

sub test ($self, $name, $seconds, $leave, $back) {
    subtest $name => sub {
        my $gone = time;
        my $left = $leave->();
        $self->_look($seconds);
        $back->($left);
        ok wait_until(sub { pg()->do('create temporary table here (n int)') }, 20), 'it takes writes again';
        my $returned = time;
        my @outcomes = $self->mixed->recovering(6);
        my @during   = grep { $_->{at} >= $gone && $_->{at} < $returned } @outcomes;

        $self->_judge_answers($name, @during);
        $self->_note_health($name, @during);

        my $well = max $returned, map { $_->{at} } bad(@outcomes);
        my $took = figure("$name: all well after its return", ms($well - $returned), '<= 5000 ms');
        cmp_ok $well - $returned, '<=', 5 * $SLOW, 'all is well 5 s after its return';
        my @after = grep { $_->{at} > $well } @outcomes;
        cmp_ok scalar(@after), '>=', 100, 'and stays so, ' . @after . ' times';
    };
}


# Goes on for a while with an eye on the queues.

sub _look ($self, $seconds) {
    my $end = time + $seconds;

    do {
        for my $node (1, 2) {
            my $metrics = metrics($node);
            $self->queue(max $self->queue, map { $metrics->{$_} }
                grep {/^devtalk_postgres_waiting/} keys %$metrics);
        }
        sleep 0.2;
    } while time < $end;
}


sub _judge_answers ($self, $name, @during) {
    my @refused = grep { $_->{status} == 503 } @during;
    my @others  = grep { $_->{status} != 503 } bad(@during);
    is_deeply [wrong(@others > 5 ? @others[0 .. 4] : @others)], [],
        @during . ' requests were answered, ' . @refused . ' of them by 503';
    is_deeply [wrong(grep { $_->{why} } @refused)], [], 'with Retry-After';

    my @cached = grep { $_->{kind} eq 'cached' } @during;
    is_deeply [wrong(@cached)], [], 'what is cached is served, ' . @cached . ' times';

    my @after = map { $_->{took} } @refused;
    figure("$name: 503 after, p99", ms(percentile 99, @after), '<= 1000 ms');
    figure("$name: 503 after, at most", ms(max 0, @after));
    cmp_ok percentile(99, @after), '<=', $SLOW, 'refused within a second';
}

# How long /health and an nginx without our modules took.

sub _note_health ($self, $name, @during) {
    my %took;
    push @{$took{$_->{kind}}}, $_->{took} for grep { $_->{kind} =~ /^(?:health|stock)$/ } @during;
    push @{$self->took->{$_}}, @{$took{$_}} for keys %took;
    figure("$name: /health p99", ms(percentile 99, @{$took{health}}));
}

# On a machine without an idle core everybody waits, and who works waits
# longer than who sleeps: stock nginx, which has nothing to do, tells so.

sub _judge_health ($self, $name) {
    my %p99  = map { $_ => percentile 99, @{$self->took->{$_}} } qw(health stock);
    my $goal = 0.05 * max 1, $p99{stock} / 0.003;
    figure("$name: /health p99 of all outages", ms($p99{health}),
        '<= ' . ms($goal) . ', as stock nginx has ' . ms($p99{stock}));
    cmp_ok $p99{health}, '<=', $goal * $SLOW, '/health answers at once';
}


# The end of it, and the books.

sub finish ($self, $name) {
    figure("$name: most statements that waited in a queue", $self->queue, '<= 2048');
    cmp_ok $self->queue, '<=', 2048, 'queues are bounded';
    $self->_judge_health($name);
    $self->mixed->stop;
    is_deeply [grep { $self->mixed->tally->{$_}{late} } keys %{$self->mixed->tally}], [], 'everybody was answered';
    ok wait_until(sub { metric('devtalk_postgres_waiting') == 0 }, 5), 'and empty afterwards';

    $self->mixed->verify($name);
}


1;
