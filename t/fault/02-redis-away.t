use lib 't/lib';
use DevTalk::Test;

use Mojo::File qw(path);
use Time::HiRes qw(sleep time);

use DevTalk::Figures;
use DevTalk::Mixed;
use DevTalk::Node;
use DevTalk::Proxy;
use DevTalk::Wire;

# Redis killed, frozen and black-holed under load, and back after 500 edits:
# PostgreSQL serves meanwhile, and no reader sees what an editor has replaced,
# though a frozen Redis comes back with all that it had.

my $LONG  = $ENV{DEVTALK_LONG};
my $EDITS = 500;
my $anna  = signed_in('anna');

# Both nodes have their Redis behind this one.
my $proxy = DevTalk::Proxy->start(to => $ENV{DEVTALK_REDIS});
my @nodes = map {
    my $address = $proxy->address;
    DevTalk::Node->run($_, edit => sub ($conf) { $conf =~ s/^(\s*devtalk_redis\s+)[^;\s]+/$1$address/mr })
} 1, 2;

my @articles = map { {slug => $anna->publish(description => 'v0')->{slug}, acked => 0} } 1 .. 50;
my $mixed    = DevTalk::Mixed->start;
my $wire     = DevTalk::Wire->new(urls => [map { node_url($_) } 1, 2], patience => 10);

# Requests for a list of things, ten at a time; "done" gets each thing and its
# reply.
my $ten = sub ($things, $ask, $done) {
    my @left = @$things;
    while (@left || $wire->waiting) {
        while (@left && $wire->waiting < 10) {
            my $thing = shift @left;
            my ($node, $bytes) = $ask->($thing);
            $wire->ask($node - 1, $bytes, sub ($reply) { $done->($thing, $reply) }) or die 'no connection';
        }
        $wire->turn(0.01);
    }
};

# Each article as both nodes show it: what is older than acknowledged.
my $stale = sub {
    my @stale;
    $ten->([map { [$_, 1], [$_, 2] } @articles],
        sub ($look) { ($look->[1], "GET /api/articles/$look->[0]{slug} HTTP/1.1\r\nHost: x\r\n\r\n") },
        sub ($look, $reply) {
            my ($seen) = ($reply->{body} // '') =~ /"description":"v(\d+)"/;
            push @stale, "node $look->[1]: " . ($seen // "status $reply->{status}") . ", not $look->[0]{acked}"
                if ($seen // -1) != $look->[0]{acked};
        });
    return @stale;
};

# Five hundred edits of fifty articles, on both nodes.
my $edit = sub {
    my @failed;
    for my $round (1 .. $EDITS / @articles) {
        $ten->(\@articles, sub ($article) {
            my $json = sprintf '{"article":{"description":"v%d"}}', $article->{acked} + 1;
            return (1 + int rand 2, "PUT /api/articles/$article->{slug} HTTP/1.1\r\nHost: x\r\nAuthorization: Token "
                . $anna->token . "\r\nContent-Type: application/json\r\nContent-Length: " . length($json) . "\r\n\r\n$json");
        }, sub ($article, $reply) {
            $reply->{status} == 200 ? $article->{acked}++ : push @failed, $reply->{status} || $reply->{why};
        });
    }
    return @failed;
};

my %READ = map { $_ => 1 } qw(read seen front tag feed discussion me);

# Of what was asked since the last time.
my $reads = sub ($name, $when) {
    my @reads  = grep { $READ{$_->{kind}} } $mixed->take;
    my @failed = grep { ($_->{why} // '') ne 'stale' && ($_->{why} || $_->{status} >= 500) } @reads;
    my @stale  = grep { ($_->{why} // '') eq 'stale' } @reads;

    my $answered = figure("Redis $name: reads answered $when, %", 100 * (1 - @failed / (@reads || 1)), '>= 99.9');
    cmp_ok $answered, '>=', 99.9, "$when: of " . @reads . ' reads'
        or diag join "\n", map { join ' ', map { $_ // '' } @$_{qw(kind status why note)} } @failed > 9 ? @failed[0 .. 9] : @failed;
    is_deeply [map { $_->{note} } @stale], [], 'and none was stale';
    figure("Redis $name: p99 of reads $when", ms(percentile(99, map { $_->{took} } @reads)));
};

my $used = sub {
    (metric('devtalk_cache_zone_hits_total') // 0) + (metric('devtalk_cache_redis_hits_total') // 0)
};

my $fault = sub ($name, $break, $mend) {
    subtest $name => sub {
        # All of them are cached, in both levels.
        eventually 'the cache is warm', 10, sub {
            my $before = $used->();
            my @wrong = $stale->();
            !@wrong && $used->() - $before >= 2 * @articles;
        };
        $mixed->going(1);

        my $begun = time;
        $break->();
        my @failed = $edit->();
        is_deeply \@failed, [], sprintf "$EDITS edits in %.1f s", time - $begun;
        for my $node (1, 2) {
            eventually "node $node knows", 5, sub { anybody($node)->servers->{redis} eq 'down' };
            is anybody($node)->get('/ready')->is(200, 'and serves')->json->{status}, 'degraded', 'without';
        }
        is_deeply [$stale->()], [], 'what was edited is read';
        sleep 1;
        $reads->($name, 'while it is away');

        $mend->();
        my $back  = time;
        my ($looks, $use) = (0);
        my @stale;
        do {
            my $before = $used->();
            push @stale, $stale->();
            $looks++;
            $use //= time - $back if $used->() - $before >= 1.5 * @articles;
        } until time > $back + 4;
        figure("Redis $name: stale reads of $looks x 100 after its return", scalar @stale, '0');
        is_deeply \@stale, [], 'no reader sees what was before the edits';

        eventually "node $_ is ready", 5, sub { whole($_) } for 1, 2;
        ok $use, 'the cache is used again';
        figure("Redis $name: the cache is used again after", ms($use // 0));
        $reads->($name, 'after its return');
    };
};

my $pid = sub { path(home(), 'redis', 'pid')->slurp + 0 };

for my $round (1 .. ($LONG ? 3 : 1)) {
    $fault->('stopped', sub { server('stop', 'redis') }, sub { server('start', 'redis') }) if $LONG;
    $fault->('killed', sub { server('stop --now', 'redis') }, sub { server('start', 'redis') });
    $fault->('frozen', sub { kill STOP => $pid->() }, sub { kill CONT => $pid->() });
    $fault->('black-holed', sub { $proxy->swallow }, sub { $proxy->pass });
}

subtest 'a logout without Redis' => sub {
    my $bob = signed_in('bob');
    $bob->on($_)->get('/api/user')->is(200) for 1, 2;
    server('stop', 'redis');
    my $status = $bob->post('/api/users/logout')->status;
    server('start', 'redis');
    if ($status == 204) {
        eventually "ends the session on node $_ within 5 s of its return", 5, sub {
            $bob->on($_)->get('/api/user')->status == 401
        } for 1, 2;
    }
    else {
        is $status, 503, 'is not promised';
    }
};

$mixed->stop;
$mixed->verify('Redis away');
$_->restore for @nodes;

finish();
