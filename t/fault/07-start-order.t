use lib 't/lib';
use DevTalk::Test;

# nginx first, then its servers, in any order: a node waits for what it needs
# and recovers by itself.

my @servers = qw(postgres redis kafka);

my $state = sub ($node) {
    my $servers = anybody($node)->servers;
    my %state;
    for my $kind (@servers) {
        my %of = map { $servers->{$_} => 1 } grep {/^$kind/} keys %$servers;
        $state{$kind} = join ' and ', sort keys %of;
    }
    return \%state;
};

for my $order ([qw(postgres redis kafka)], [qw(kafka redis postgres)]) {
    subtest "@$order" => sub {
        my $anna = signed_in('anna');
        server('stop', $_) for 'nginx-1', 'nginx-2', reverse @servers;

        for my $node (1, 2) {
            server('start', "nginx-$node");
            eventually "node $node is alive", 5, sub { anybody($node)->get('/health')->status == 200 };
            anybody($node)->get('/ready')->is(503, 'but not ready');
            is_deeply $state->($node), {map { $_ => 'down' } @servers}, 'for nothing is there';
            my $reply = anybody($node)->get('/api/articles')->is(503, 'and says so');
            ok $reply->header('Retry-After'), 'with Retry-After';
            $anna->on($node)->post('/api/articles', {article => {title => 'x', description => 'x', body => 'x'}})
                ->is(503, 'to writers too');
        }

        for my $server (@$order) {
            server('start', $server);
            eventually "node $_ finds $server within 5 s", 5, sub { $state->($_)->{$server} eq 'up' } for 1, 2;
        }
        eventually "node $_ is ready", 5, sub { whole($_) } for 1, 2;

        my $article = $anna->publish;
        $anna->on(2)->comment($article);
        eventually 'and events go through', 15, sub { anybody(2)->article($article)->{commentsCount} == 1 };
    };
}

finish();
