use lib 't/lib';
use DevTalk::Test;

# What those who run a node ask it.

subtest 'alive' => sub {
    for my $node (1, 2) {
        my $reply = anybody($node)->get('/health')->is(200, "node $node is alive");
        is $reply->json->{status}, 'alive', 'and says so';
    }
};

subtest 'ready' => sub {
    for my $node (1, 2) {
        # The nodes may have been started a moment ago.
        wait_until(sub { whole($node) }, 10);
        my $reply = anybody($node)->get('/ready')->is(200, "node $node is ready");
        my %check = map { $_->{name} => $_ } @{$reply->json->{checks}};

        is $reply->json->{status}, 'ready', 'and says so';
        is_deeply [sort keys %check], [qw(kafka postgres/articles postgres/auth postgres/comments redis)],
            'it names each server';
        is $check{$_}{state}, 'up', "$_ is up" for sort keys %check;
        ok defined $check{$_}{latencyMs}, "$_ answered in " . ($check{$_}{latencyMs} // '?') . ' ms' for sort keys %check;
    }
};

subtest 'metrics' => sub {
    my $reply = anybody()->get('/metrics')->is(200, 'are plain text');
    like $reply->header('Content-Type'), qr{^text/plain\b.*version=0\.0\.4},
        'in the format of Prometheus';

    my @wrong = grep {
        !/^# (?:HELP|TYPE) [a-z_:][a-z0-9_:]* \S/
            && !/^[a-z_:][a-z0-9_:]*(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? [-+]?(?:[0-9.e+-]+|Inf|NaN)$/
    } split /\n/, $reply->body;
    is_deeply \@wrong, [], 'every line is one of the format';

    my %type = $reply->body =~ /^# TYPE (\S+) (\S+)$/mg;
    like $_, qr/^devtalk_/, "$_ is of our name" for grep { !/^devtalk_/ } keys %type;
    ok((grep { $_ eq 'histogram' } values %type), 'there is a histogram');

    for my $subject (qw(request pg|postgres|pool cache outbox consumer)) {
        ok((grep {/$subject/} keys %type), "something is counted about $subject");
    }
};

subtest 'requests are counted by route and status' => sub {
    my $counted = sub {
        my $metrics = metrics(1);
        my $sum = 0;
        $sum += $metrics->{$_} for grep {
            /^devtalk_\w*requests?\w*_(?:total|count)\{/ && m{/api/tags} && /"200"/
        } keys %$metrics;
        return $sum;
    };
    my $before = $counted->();
    anybody()->get('/api/tags')->is(200) for 1 .. 3;
    cmp_ok $counted->() - $before, '>=', 3, 'three more';
};

subtest 'published keys' => sub {
    my $first  = anybody(1)->get('/.well-known/jwks.json')->is(200);
    my $second = anybody(2)->get('/.well-known/jwks.json')->is(200);

    is_deeply $second->json, $first->json, 'both nodes publish the same';
    unlike $first->body, qr/"d"\s*:/, 'and no private part';

    my %seen;
    $seen{$_->{kid}}++ for @{$first->json->{keys}};
    is_deeply [grep { $_ > 1 } values %seen], [], 'a key id is there once';
};

finish();
