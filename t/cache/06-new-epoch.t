use lib 't/lib';
use DevTalk::Test;

use Time::HiRes qw(time);

use DevTalk::Wire;

# A new epoch begins when marks may be missing: no value of an older one counts
# any more, also for readers whose questions were on their way to Redis
# together when a worker first heard of it.

my $anna     = signed_in('anna');
my @articles = map { $anna->publish(description => 'old') } 1 .. 60;

my $kept = sub { scalar(my @names = redis('keys', 'devtalk:*:v:*')) };
eventually 'Redis has them all', 10, sub {
    anybody(1)->article($_) for @articles;
    $kept->() >= @articles;
};

# What a node wrote that could not tell anybody, and the epoch that it begins.
my $ids = join ',', map { pg()->selectrow_array('select article_id from articles.article_slugs where slug = ?', undef, $_->{slug}) } @articles;
pg()->do("update articles.articles set description = 'new', version = version + 1 where id in ($ids)");
my $epoch = sprintf '%016x', int(1e6 * time);
redis('set', 'devtalk:epoch', $epoch);

my $wire = DevTalk::Wire->new(urls => [node_url(2)]);
my %seen;
for my $article (@articles) {
    $wire->ask(0, "GET /api/articles/$article->{slug} HTTP/1.1\r\nHost: x\r\n\r\n", sub ($reply) {
        my ($text) = ($reply->{body} // '') =~ /"description":"(\w+)"/;
        $seen{$text // "status $reply->{status}"}++;
    }) or die 'no connection';
}
$wire->turn(0.01) while $wire->waiting;

is_deeply \%seen, {new => scalar @articles}, 'nobody gets a value of the epoch before';

redis('publish', 'devtalk:marks', "E $epoch");
eventually 'the other node has dropped what it had', 5, sub { anybody(1)->article($articles[0])->{description} eq 'new' };

finish();
