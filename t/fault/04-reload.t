use lib 't/lib';
use DevTalk::Test;

use DevTalk::Events;
use DevTalk::Load;

# Reloading under load: no request fails, old workers leave, events go on.

my $events  = DevTalk::Events->start('devtalk.comments');
my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $article = $anna->publish;
my $path    = "/api/articles/$article->{slug}";
my ($id)    = pg()->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug});

# A connection for each request: one that is kept may be closed by the worker
# that leaves, at the moment when it is used again.
my $load = DevTalk::Load->start(clients => 6, work => sub ($n, $round) {
    my $client = ($n % 3 ? $bob : anybody())->on($round % 2 + 1);
    my $reply  = $n % 3 == 0 ? $client->get($round % 4 ? $path : '/api/articles')
        : $n % 3 == 1 ? $client->post("$path/comments", {comment => {body => "Comment $n.$round"}})
        : $round % 8 ? $client->get('/api/user')
        : anybody()->post('/api/users/login', {user => {email => $bob->user->{email}, password => password()}});
    return {what => join(' ', $reply->method, $reply->path), status => $reply->status, why => $reply->failure,
        comment => $n % 3 == 1 ? "Comment $n.$round" : undef};
});

my $workers = () = nginx_workers(1);

for my $reload (1 .. 4) {
    my @old = map { nginx_workers($_) } 1, 2;
    my $count = $load->count;
    wait_until(sub { $load->count > $count + 50 }, 20);
    is system(DevTalk::Stack::root() . "/devtalk reload >/dev/null 2>&1 </dev/null"), 0, "reload $reload";
    eventually 'the old workers leave', 25, sub { !grep { kill 0 => $_ } @old };
    eventually "node $_ has as many new ones", 10, sub { nginx_workers($_) == $workers } for 1, 2;
}

my @outcomes = $load->stop;
my @failed   = grep { !$_->{status} || $_->{status} >= 400 } @outcomes;
is scalar(@failed), 0, 'no request failed of ' . @outcomes or diag explain [@failed > 10 ? @failed[0 .. 9] : @failed];

my @made = grep { defined } map { $_->{comment} } grep { ($_->{status} // 0) == 201 } @outcomes;
my @told = $events->at_least(scalar(@made), 'devtalk.comments', key => $id, type => 'comment.created', within => 20);
my %once;
$once{$_->{data}{body}}{$_->{headers}{ce_id}}++ for @told;
is_deeply [sort keys %once], [sort @made], 'an event for each comment';
eventually 'and its effect once', 15, sub { anybody()->article($article)->{commentsCount} == @made };

eventually "one relay a schema is left, of the new workers", 5, sub {
    my ($locks) = pg()->selectrow_array(q{
        select count(*) from pg_locks where locktype = 'advisory' and granted
           and classid = (hashtext('devtalk_relay')::bigint & 4294967295)::oid});
    $locks == 3;
};

finish();
