use lib 't/lib';
use DevTalk::Test;

# Redis is there, but has forgotten what it was told: its scripts (SCRIPT
# FLUSH), or everything (FLUSHALL: somebody's mistake, or a replica promoted
# before it had anything).  No request fails, and nothing stale is seen.

my $anna    = signed_in('anna');
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}";
my $number  = 0;

# Edits by turns on both nodes, each looked at on both; what was seen wrong.

my $edits = sub ($rounds) {
    my @stale;
    for my $round (1 .. $rounds) {
        my $text = 'Edit ' . ++$number;
        $anna->on($round % 2 + 1)->edit($article, description => $text);
        for my $node (1, 2) {
            my $reply = anybody($node)->get($path);
            my $seen  = $reply->status == 200 ? $reply->json->{article}{description} : $reply->status;
            push @stale, "node $node: $seen, not $text" if $seen ne $text;
        }
    }
    return \@stale;
};

my $scripts = sub {
    my ($n) = map {/^number_of_cached_scripts:(\d+)/} redis('info', 'memory');
    return $n;
};

is_deeply $edits->(4), [], 'before it, edits show at once';
my $all = $scripts->();

for my $round (1 .. 3) {
    subtest "its scripts, $round" => sub {
        redis('script', 'flush');
        is_deeply $edits->(6), [], 'edits show at once';
        eventually("all $all scripts are loaded again", 5, sub { $scripts->() >= $all });
    };
}

for my $round (1 .. 3) {
    subtest "everything, $round" => sub {
        redis('flushall');
        is_deeply $edits->(6), [], 'edits show at once';
        eventually("node $_ is ready", 5, sub { whole($_) }) for 1, 2;
        eventually('values are kept there again', 5, sub {
            $edits->(1);
            scalar(my @values = redis('keys', 'devtalk:*:v:*'));
        });
        is_deeply $edits->(4), [], 'and edits still show at once';
    };
}

finish();
