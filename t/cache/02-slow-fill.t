use lib 't/lib';
use DevTalk::Test;

use DevTalk::Gate;
use DevTalk::Load;

# A slow reader's old value never gets over a newer one.  A fill is held
# behind its snapshot, the edit happens, the fill goes on: seeded, in many
# interleavings.  Repeat one with DEVTALK_SEED.

my $SEED   = $ENV{DEVTALK_SEED} // time;
my $ROUNDS = $ENV{DEVTALK_ROUNDS} // 24;
note "DEVTALK_SEED=$SEED";
srand $SEED;

my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $gate = DevTalk::Gate->open_up;
my $one_of = sub (@list) { $list[rand @list] };

# What may happen meanwhile: does it, and returns what a reader has to see.
my %change = (
    edit => sub ($node, $article) {
        my $body = unique('After');
        $anna->on($node)->edit($article, body => $body);
        sub ($reply) { $reply->json->{article}{body} eq $body };
    },
    favorite => sub ($node, $article) {
        $bob->on($node)->favorite($article);
        sub ($reply) { $reply->json->{article}{favoritesCount} == 1 };
    },
    delete => sub ($node, $article) {
        $anna->on($node)->delete("/api/articles/$article->{slug}")->is(204);
        sub ($reply) { $reply->status == 404 };
    },
    rename => sub ($node, $article) {
        $anna->on($node)->edit($article, title => unique('Renamed'));
        sub ($reply) { $reply->status == 301 };
    },
    profile => sub ($node, $article) {
        my $bio = unique('Bio');
        $anna->on($node)->put('/api/user', {user => {bio => $bio}})->is(200);
        sub ($reply) { ($reply->json->{article}{author}{bio} // '') eq $bio };
    },
);

my @wrong;
my $held    = 0;
my $refused = metric('devtalk_cache_fills_refused_total');

for my $round (1 .. $ROUNDS) {
    my $article = $anna->publish(body => 'Before');
    my $path    = "/api/articles/$article->{slug}";
    my $change  = $one_of->(sort keys %change);
    my $reader  = $one_of->(1, 2);
    my $writer  = $one_of->(1, 2);
    my $early   = int rand 2;          # readers between the edit and the fill
    my $name    = "round $round: $change on node $writer, slow fill on node $reader"
        . ($early ? ', readers between' : '');

    # The slow one: in a process of its own, so that it can wait.
    $gate->close_for(1);
    my $slow = DevTalk::Load->aside(sub { anybody($reader)->get($path)->status });
    $held++ if $gate->holds;

    my $good = $change{$change}->($writer, $article);
    my $look = sub ($when) {
        for my $node (1, 2, 1, 2) {
            my $reply = anybody($node)->get($path);
            push @wrong, "$name: $when, node $node: " . $reply->status . ' ' . substr $reply->body, 0, 200
                unless $good->($reply);
        }
    };

    $look->('while the fill is held') if $early;
    $gate->release;
    $slow->();
    $look->('after the fill');
}

cmp_ok metric('devtalk_cache_fills_refused_total') - $refused, '>', 0, 'old values were refused';
is $held, $ROUNDS, "$ROUNDS fills were held behind their snapshots";
is_deeply \@wrong, [], "nobody saw an old value after an edit (DEVTALK_SEED=$SEED)";

subtest 'the front page' => sub {
    my @wrong;
    for my $round (1 .. 8) {
        my ($reader, $writer) = map { $one_of->(1, 2) } 1, 2;
        $anna->publish;                                # the key is cold
        $gate->close_for(1);
        my $slow = DevTalk::Load->aside(sub { anybody($reader)->get('/api/articles')->status });
        ok $gate->holds, "round $round: held";
        my $newest = $anna->on($writer)->publish;
        $gate->release;
        $slow->();
        for my $node (1, 2, 1, 2) {
            my $first = anybody($node)->get('/api/articles')->json->{articles}[0]{slug};
            push @wrong, "round $round, node $node: $first" if $first ne $newest->{slug};
        }
    }
    is_deeply \@wrong, [], 'begins with the newest';
};

$gate->remove;

finish();
