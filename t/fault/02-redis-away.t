use lib 't/lib';
use DevTalk::Test;

use Time::HiRes qw(time);

use DevTalk::Load;

# Redis stopped and started again while requests run: PostgreSQL serves, no
# request fails, and no reader sees what an editor has replaced.

my $anna    = signed_in('anna');
my $article = $anna->publish(description => '0');
my $path    = "/api/articles/$article->{slug}";

my $readers = DevTalk::Load->start(clients => 2, work => sub ($n, $round) {
    my $reply = anybody($n % 2 + 1)->get($round % 2 ? $path : '/api/articles');
    return {status => $reply->status, why => $reply->failure};
});

# Edits on one node, looks on both, without a pause.
my $editor = DevTalk::Load->start(clients => 1, work => sub ($n, $round) {
    my $text  = "Edit $round";
    my $reply = $anna->on($round % 2 + 1)->put($path, {article => {description => $text}});
    return {status => $reply->status} if $reply->status != 200;

    my @stale;
    for my $node (1, 2, 1, 2) {
        my $seen = anybody($node)->get($path);
        push @stale, sprintf('%.3f ', time) . "round $round, node $node: " . ($seen->status == 200 ? $seen->json->{article}{description} : $seen->status)
            if $seen->status != 200 || $seen->json->{article}{description} ne $text;
    }
    return {status => 200, stale => \@stale};
});

my $going_on = sub ($name) {
    my $count = $editor->count;
    ok wait_until(sub { $editor->count > $count + 15 }, 15), "$name: edits go on";
};

$going_on->('with Redis');

for my $how ('stop', 'stop --now') {
    subtest "devtalk $how redis" => sub {
        note sprintf '%.3f %s', time, $how;
        server($how, 'redis');
        $going_on->('without');

        for my $node (1, 2) {
            eventually "node $node knows", 5, sub { anybody($node)->servers->{redis} eq 'down' };
            is anybody($node)->get('/ready')->is(200, 'and serves')->json->{status}, 'degraded', 'without';
        }
        my $bob = signed_in('bob');
        $bob->post("$path/favorite")->is(200, 'readers favorite');
        $bob->comment($article);

        note sprintf '%.3f start', time;
        server('start', 'redis');
        $going_on->('with it again');
        eventually "node $_ is ready within 5 s", 5, sub { whole($_) } for 1, 2;
        $going_on->('some time later');

        my $used = sub {
            metric('devtalk_cache_zone_hits_total', node => 1) + metric('devtalk_cache_redis_hits_total', node => 1)
        };
        my $before = $used->();
        eventually 'the cache is used again within 5 s', 5, sub {
            anybody()->get('/api/articles')->status;
            $used->() > $before + 5;
        };
    };
}

subtest 'frozen' => sub {
    my $pid = do { open my $file, '<', home() . '/redis/pid' or die $!; <$file> + 0 };
    note sprintf '%.3f frozen', time;
    kill STOP => $pid;
    $going_on->('with a Redis that does not answer');
    note sprintf '%.3f thawed', time;
    kill CONT => $pid;
    $going_on->('with one that does again');
    eventually "node $_ is ready within 5 s", 5, sub { whole($_) } for 1, 2;
};

my @reads = $readers->stop;
my @edits = $editor->stop;

is_deeply [grep { ($_->{status} // 0) != 200 } @reads], [], 'no read failed of ' . @reads;
is_deeply [grep { ($_->{status} // 0) != 200 } @edits], [], 'no edit failed of ' . @edits;
is_deeply [map { @{$_->{stale} // []} } @edits], [], 'and none was followed by an old value';

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

finish();
