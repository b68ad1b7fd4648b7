use lib 't/lib';
use DevTalk::Test;

use Mojo::JSON qw(decode_json encode_json);
use Time::HiRes qw(time);

use DevTalk::Figures;
use DevTalk::Hold;
use DevTalk::Node;
use DevTalk::Proxy;
use DevTalk::Wire;

# Seeded interleavings of fill, edit, delete and invalidation over two nodes:
# once an edit is acknowledged, no reader on either node sees an older
# version.
#
# Fills are held behind their snapshots and let go later; edits and deletes
# go on meanwhile, on either node; what the nodes and Redis tell each other
# comes late, now and then, as there are proxies between them.  A reader's
# answer is compared with what had been acknowledged before he asked.
#
# DEVTALK_SEED repeats the same steps; DEVTALK_ROUND=17 is that one alone.

my $ROUNDS = $ENV{DEVTALK_ROUNDS} // ($ENV{DEVTALK_LONG} ? 10_000 : 300);
my $SEED   = int($ENV{DEVTALK_SEED} // time ^ $$);
note "DEVTALK_SEED=$SEED";

my @proxies = map { DevTalk::Proxy->start(to => $ENV{DEVTALK_REDIS}, seed => $SEED + $_) } 1, 2;
my @nodes   = map {
    my $address = $proxies[$_ - 1]->address;
    DevTalk::Node->run($_, edit => sub ($conf) { $conf =~ s/^(\s*devtalk_redis\s+)[^;\s]+/$1$address/mr })
} 1, 2;

my $hold = DevTalk::Hold->build;
my $wire = DevTalk::Wire->new(urls => [map { node_url($_) } 1, 2], patience => 10);
my $pg   = pg();
my (@wrong, %count);

# Each lane has an author and an article of its own.  Three go on at once, then
# one alone for a while: a mark of anybody's makes a node look again at what it
# has.
my $LANES = 3;
my $WHILE = 20;
my @lanes = map {
    my $author = signed_in("author$_");
    {
        number    => $_,
        author    => $author,
        signed_in => time,
        id        => ($pg->selectrow_array('select id from auth.users where username = ?', undef, $author->username))[0],
    }
} 1 .. $LANES;

my $publish = sub ($lane) {
    my $made = $lane->{author}->publish(description => 'v0');
    @$lane{qw(path slug sent acked gone)} = ("/api/articles/$made->{slug}", $made->{slug}, 0, 0, 0);
};
$publish->($_) for @lanes;


# "Done" when there is an answer; what goes wrong is told with the round.

my $tell = sub ($lane, $what) { push @wrong, "round $lane->{round}: " . join(', ', @{$lane->{steps}}) . ": $what" };

my $ask = sub ($lane, $node, $method, $path, $body, $done) {
    my $bytes = "$method $path HTTP/1.1\r\nHost: x\r\n"
        . ($body || $method eq 'DELETE' ? 'Authorization: Token ' . $lane->{author}->token . "\r\n" : '')
        . ($body ? "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\n" : '') . "\r\n" . ($body // '');
    $lane->{out}++;
    $wire->ask($node - 1, $bytes, sub ($reply) {
        $lane->{out}--;
        $done->($reply);
    }) or die 'no connection';
};

# What the article's description says now, "gone", or another status.
my $seen_one = sub ($reply) {
    return 'gone' if $reply->{status} == 404;
    return $1 if $reply->{status} == 200 && $reply->{body} =~ /"description":"v(\d+)"/;
    return "status $reply->{status} " . ($reply->{why} // '');
};
my $seen_listed = sub ($reply, $slug) {
    return "status $reply->{status}" if $reply->{status} != 200;
    my ($article) = grep { $_->{slug} eq $slug } @{decode_json($reply->{body})->{articles}};
    return $article ? $article->{description} =~ s/^v//r : 'gone';
};

my $look = sub ($lane, $node, $listed, $name, $done = undef) {
    my ($acked, $gone, $slug, $round) = @$lane{qw(acked gone slug round)};
    $ask->($lane, $node, GET => $listed ? '/api/articles' : $lane->{path}, undef, sub ($reply) {
        my $seen = $listed ? $seen_listed->($reply, $slug) : $seen_one->($reply);
        my $good = $seen eq 'gone' ? $lane->{gone} || $lane->{leaving}
            : $seen =~ /^\d+$/ ? !$gone && $seen >= $acked && $seen <= $lane->{sent} : 0;
        $tell->($lane, "$name on node $node sees $seen" . ($gone ? ', though it is gone' : ", not $acked or newer")) unless $good;
        $count{reads}++;
        $done->() if $done;
    });
};

my %step = (
    # A reader whose fill is held.  If what he asks for is cached, he has it.
    fill => sub ($lane) {
        return $count{none}++ if @{$lane->{held}} == 2;
        my $node   = 1 + int rand 2;
        my $number = $hold->close($lane->{id});
        my $answered;
        $look->($lane, $node, 0, 'a slow fill', sub { $answered = 1 });
        # It may have to wait behind another that is held, on its connection.
        my $end = time + 0.1;
        until ($answered || $hold->waits($number) || time > $end) { $wire->turn(0.001) }
        $hold->open($lane->{id});
        if ($answered) {
            $hold->release($number);
            $count{cached}++;
        }
        else {
            push @{$lane->{held}}, $number;
            $count{held}++;
        }
    },
    release => sub ($lane) {
        my $number = splice @{$lane->{held}}, int rand(@{$lane->{held}} || 1), 1;
        $hold->release($number) if $number;
    },
    edit => sub ($lane) {
        return if $lane->{writing} || $lane->{gone};
        my $version = ++$lane->{sent};
        $lane->{writing} = 1;
        $ask->($lane, 1 + int rand 2, PUT => $lane->{path}, encode_json({article => {description => "v$version"}}), sub ($reply) {
            $lane->{writing} = 0;
            $lane->{acked} = $version if $reply->{status} == 200;
            $tell->($lane, "an edit was answered $reply->{status} " . ($reply->{why} // '')) if $reply->{status} != 200;
            $count{edits}++;
        });
    },
    delete => sub ($lane) {
        return if $lane->{gone};
        @$lane{qw(writing leaving)} = (1, 1);
        $ask->($lane, 1 + int rand 2, DELETE => $lane->{path}, undef, sub ($reply) {
            $lane->{writing} = 0;
            $lane->{gone} = 1 if $reply->{status} == 204;
            $tell->($lane, "a delete was answered $reply->{status}") if $reply->{status} != 204;
            $count{deletes}++;
        });
    },
    look  => sub ($lane) { $look->($lane, 1 + int rand 2, 0, 'a reader') },
    front => sub ($lane) { $look->($lane, 1 + int rand 2, 1, 'the front page') },

    # What the nodes are told of comes later, from now on, or at once.
    invalidation => sub ($lane) {
        my ($percent, $ms) = @{([0, 0], [10, 10], [40, 25])[rand 3]};
        $proxies[rand 2]->delay($percent, $ms);
    },
    wait => sub ($lane) { $lane->{until} = time + rand 0.01 },
);

# Twice as often: twice there.
my @deck = (('edit') x 4, ('fill') x 4, ('release') x 3, ('look') x 4, ('front') x 1, ('wait') x 2, 'invalidation');

# The steps of a round are its own, whatever the others do.
my $draw = sub ($round) {
    srand $SEED * 100_003 + $round;
    my @steps = ('edit', map { $deck[rand @deck] } 1 .. 4 + int rand 5);
    splice @steps, 1 + int rand @steps, 0, 'delete' if rand(6) < 1;
    return @steps;
};


# Tokens end after a quarter of an hour.
my $sign_in = sub ($lane) {
    my $author = $lane->{author};
    my $reply  = $author->post('/api/users/login', {user => {email => $author->user->{email}, password => password()}});
    $author->token($reply->is(200)->json->{user}{token});
    $lane->{signed_in} = time;
};


# A lane goes on as far as it can without waiting; false: it waits.

my $begin = sub ($lane, $round) {
    $sign_in->($lane) if time > $lane->{signed_in} + 600;
    my @steps = $draw->($round);
    @$lane{qw(round steps left out writing leaving held stage until since)} = ($round, [@steps], [@steps], 0, 0, 0, [], 'steps', 0, undef);
};

my $go_on = sub ($lane) {
    return 0 if $lane->{until} > time;

    if ($lane->{stage} eq 'steps') {
        # A deletion comes after the edit before it, which may itself wait
        # behind what is held.
        if ($lane->{writing} && ($lane->{left}[0] // '') eq 'delete') {
            $lane->{since} //= time;
            $lane->{since} = undef, $step{release}->($lane) if time > $lane->{since} + 0.1;
            return 0;
        }
        my $name = shift @{$lane->{left}};
        srand $SEED * 100_003 + $lane->{round} * 31 + @{$lane->{left}};
        $step{$name}->($lane), return 1 if defined $name;
        @$lane{qw(stage since)} = ('release', time);
    }
    my $waits = $lane->{writing} || $lane->{out} > @{$lane->{held}};
    return 0 if $waits && (!@{$lane->{held}} || time < $lane->{since} + 0.1);

    # What is held still goes on behind all of the writes, and each is read
    # again.
    if (@{$lane->{held}}) {
        $step{release}->($lane);
        return 0;
    }
    $lane->{stage} = 'rest' if $lane->{stage} eq 'release';

    # At rest: both nodes show what is.
    if ($lane->{stage} eq 'rest') {
        $look->($lane, $_, 0, 'the last reader') for 1, 2;
        $lane->{stage} = 'end';
        return 0;
    }
    $publish->($lane) if $lane->{gone};
    $lane->{stage} = 'done';
    return 1;
};

my $refused = metric('devtalk_cache_fills_refused_total');
my @rounds  = $ENV{DEVTALK_ROUND} ? $ENV{DEVTALK_ROUND} : 1 .. $ROUNDS;
my $begun   = time;
my $done    = 0;

while (1) {
    my $busy = 0;
    for my $lane (@lanes) {
        if (!$lane->{stage} || $lane->{stage} eq 'done') {
            $done++ if $lane->{stage};
            $lane->{stage} = undef;
            next unless @rounds && @wrong < 20;
            next if $lane->{number} > 1 && int($rounds[0] / $WHILE) % 2;
            $begin->($lane, shift @rounds);
        }
        $busy = 1;
        $wire->turn(0) while $go_on->($lane) && $lane->{stage} ne 'done';
    }
    last unless $busy;
    $wire->turn(0.0005);
}

my $took = time - $begun;
$_->pass for @proxies;
note join ', ', map {"$_: $count{$_}"} sort keys %count;

is_deeply \@wrong, [], "no reader saw an older version than was acknowledged (DEVTALK_SEED=$SEED)";
is $done, $ENV{DEVTALK_ROUND} ? 1 : $ROUNDS, 'all rounds ended';

unless ($ENV{DEVTALK_ROUND}) {
    cmp_ok $count{held}, '>', $ROUNDS / 3, "$count{held} fills were held behind their snapshots";
    cmp_ok metric('devtalk_cache_fills_refused_total') - $refused, '>', $ROUNDS / 20, 'old ones were refused';
    cmp_ok $count{deletes}, '>', $ROUNDS / 40, "$count{deletes} deletes";
}

figure('interleavings', $done);
figure('interleavings: reads that were older than acknowledged', scalar @wrong, '0');
figure('interleavings: reads', $count{reads});
figure('interleavings: fills held, then too old', join ', ', $count{held}, metric('devtalk_cache_fills_refused_total') - $refused);
figure('interleavings: each', ms($took / ($done || 1)));

$hold->remove;
$_->restore for @nodes;

finish();
