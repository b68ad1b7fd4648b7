use lib 't/lib';
use DevTalk::Test;

use Time::HiRes qw(time);

use DevTalk::Node;

# While PostgreSQL is away, what the node has is served however old it is: no
# mark is against it, and nobody can write.  When it is back, everything is as
# new as ever.

my $LIFETIME = 2;               # seconds, instead of 60

my $anna    = signed_in('anna');
my $bob     = signed_in('bob');
my $article = $anna->publish(description => 'as it was');
my $other   = $anna->publish;
my $path    = "/api/articles/$article->{slug}";
$bob->post("$path/favorite")->is(200);

my $node = DevTalk::Node->run(1, edit => sub ($conf) { $conf =~ s/lifetime=60s/lifetime=${LIFETIME}s/r });

my %ways = (
    'a stranger'       => sub { anybody()->get($path) },
    'a reader'         => sub { $bob->get($path) },
    'the front page'   => sub { anybody()->get('/api/articles') },
    'the comments'     => sub { anybody()->get("$path/comments") },
);

# Of a signed-in read two values: the article, and what is the reader's own.
my $hits = sub { metric('devtalk_cache_zone_hits_total', node => 1) };
for my $way (sort keys %ways) {
    my $needed = $way eq 'a reader' ? 2 : 1;
    eventually "$way: the zone has it", 10, sub {
        my $before = $hits->();
        return $ways{$way}->()->status == 200 && $hits->() >= $before + $needed;
    };
}

server('stop', 'postgres');
my (%seen, @slow);
my $until = time + 4 * $LIFETIME;
my $last  = $until - $LIFETIME;        # everything is long old

while (time < $until) {
    for my $way (sort keys %ways) {
        my $begun = time;
        my $reply = $ways{$way}->();
        $seen{$way}{$reply->status}++;
        push @slow, time - $begun if time > $last;
        next if $reply->status != 200 || $way !~ /^a /;
        my $seen = $reply->json->{article};
        $seen{$way}{'another article'}++  if $seen->{description} ne 'as it was';
        $seen{$way}{'not as the reader'}++ if $seen->{favorited} xor $way eq 'a reader';
    }
}

for my $way (sort keys %ways) {
    my $good = delete $seen{$way}{200} // 0;
    is_deeply $seen{$way}, {}, "$way: served $good times";
    cmp_ok $good, '>=', 5, 'and that often';
}

# Who finds out that it is still away has waited for it; the others have not.
my $waited = grep { $_ > 0.5 } @slow;
cmp_ok $waited, '<=', 4 * @slow / 10, "$waited of " . @slow . ' waited';

anybody()->get("/api/articles/$other->{slug}")->is(503, 'what it does not have is not there');
$bob->delete("$path/favorite")->is(503, 'nor can anybody write');

server('start', 'postgres');
eventually 'it is back', 10, sub { anybody()->get("/api/articles/$other->{slug}")->status == 200 };
eventually 'writes too', 10, sub {
    $anna->put($path, {article => {description => 'as it is'}})->status == 200;
};
for my $n (1, 2) {
    is anybody($n)->get($path)->json->{article}{description}, 'as it is', "an edit shows on node $n";
}

$node->restore;
finish();
