use lib 't/lib';
use DevTalk::Test;

use Time::HiRes ();

use DevTalk::Gate;
use DevTalk::Load;
use DevTalk::Raw;

# Many clients on a cold key cause few statements: one fills, the others wait
# for its value.

my $anna = signed_in('anna');
my $gate = DevTalk::Gate->open_up;

# Asks for a path with many clients at once; how often PostgreSQL was asked.
my $stampede = sub ($path, $clients, $nodes) {
    $gate->close_for(0);
    my %status;
    my @promises = map { anybody($_ % $nodes + 1)->request_p(GET => $path) } 1 .. $clients;
    $_->then(sub ($reply) { $status{$reply->status}++ })->wait for @promises;
    is_deeply \%status, {200 => $clients}, "$clients clients are served";
    my $entered = $gate->entered;
    $gate->release;
    return $entered;
};

subtest 'one node' => sub {
    my $article = $anna->publish;
    my $asked   = $stampede->("/api/articles/$article->{slug}", 100, 1);
    cmp_ok $asked, '<=', 3, "by few statements: $asked";
    is $stampede->("/api/articles/$article->{slug}", 50, 1), 0, 'the warm key causes none';
};

subtest 'two nodes' => sub {
    my $article = $anna->publish;
    my $asked   = $stampede->("/api/articles/$article->{slug}", 100, 2);
    cmp_ok $asked, '<=', 6, "by few statements: $asked";
    is $stampede->("/api/articles/$article->{slug}", 50, 2), 0, 'the warm key causes none';
};

subtest 'what one node has filled the other takes from Redis' => sub {
    my $article = $anna->publish;
    is $stampede->("/api/articles/$article->{slug}", 1, 1), 1, 'one statement for node 1 or 2';
    eventually 'both have it without another', 2, sub {
        $stampede->("/api/articles/$article->{slug}", 2, 2) == 0
    };
};

subtest 'a filler that is slow' => sub {
    my $article = $anna->publish;
    my $path    = "/api/articles/$article->{slug}";
    $gate->close_for(1);
    my $slow = DevTalk::Load->aside(sub { anybody()->get($path)->status == 200 });
    ok $gate->holds, 'is held';

    my $begun = Time::HiRes::time();
    anybody()->get($path)->is(200, 'another reader does not wait for ever');
    cmp_ok Time::HiRes::time() - $begun, '<', 1.5, 'but a moment';

    $gate->release;
    ok $slow->(), 'and the slow one is answered too';
};

subtest 'a filler that goes away' => sub {
    my $article = $anna->publish;
    my $path    = "/api/articles/$article->{slug}";
    $gate->close_for(1);
    my $raw = DevTalk::Raw->new->send(["GET $path HTTP/1.1", 'Host: x']);
    ok $gate->holds, 'is held';
    $raw->abort;
    anybody()->get($path)->is(200, 'leaves its place to the next');
    $gate->release;
    anybody($_)->get($path)->is(200) for 1, 2;
};

$gate->remove;

finish();
