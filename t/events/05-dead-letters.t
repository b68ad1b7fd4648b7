use lib 't/lib';
use DevTalk::Test;

use DevTalk::Events;

# What cannot be processed goes to <topic>.dead with its reason, as it was,
# and holds up nobody.

my $events = DevTalk::Events->start(map { ("devtalk.$_", "devtalk.$_.dead") } qw(users articles comments));
my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $article = $anna->publish;
my ($id)    = pg()->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug});
my $uuid    = sub { sprintf '%08x-%04x-4%03x-8%03x-%08x%04x', map { int rand $_ } 2**32, 2**16, 2**12, 2**12, 2**32, 2**16 };
my $count   = sub { anybody()->article($article)->{commentsCount} };
my $n       = 0;

# A good event first, so that its partition is known.
$bob->comment($article, 'The first');
my $good = $events->one('devtalk.comments', key => $id, type => 'comment.created');
my $mark = unique('mark');

my %garbage = (
    'no headers'          => {key => $id, payload => "no-headers $mark"},
    'no key'              => {headers => {%{$good->{headers}}, ce_id => $uuid->()}, payload => "{\"x\":\"no-key $mark\"}"},
    'no id'               => {key => $id, payload => "{\"x\":\"no-id $mark\"}",
        headers => {map { $_ => $good->{headers}{$_} } grep { $_ ne 'ce_id' } keys %{$good->{headers}}}},
    'an id that is none'  => {key => $id, payload => "{\"x\":\"bad-id $mark\"}", headers => {%{$good->{headers}}, ce_id => 'x'}},
    'no JSON'             => {key => 'no number', payload => "\x00\xFF{{{no-json $mark", headers => {%{$good->{headers}}, ce_id => $uuid->()}},
    'a key that is no id' => {key => "x'; drop table articles.articles; --", payload => "{\"x\":\"bad-key $mark\"}",
        headers => {%{$good->{headers}}, ce_id => $uuid->()}},
    'another version'     => {key => $id, payload => "{\"x\":\"version $mark\"}",
        headers => {%{$good->{headers}}, ce_id => $uuid->(), ce_specversion => '9.9'}},
);

subtest 'garbage among events' => sub {
    for my $name (sort keys %garbage) {
        $events->put('devtalk.comments', partition => $good->{partition}, %{$garbage{$name}});
        $bob->comment($article, "After $name");
        $n++;
    }
    eventually 'all that is good has passed', 30, sub { $count->() == 1 + $n };
};

subtest 'lies on the dead topic' => sub {
    for my $name (sort keys %garbage) {
        my ($word) = $garbage{$name}{payload} =~ /([a-z-]+ \Q$mark\E)/;
        my $dead = wait_until(sub {
            (grep { index($_->{payload} // '', $word) >= 0 } $events->all('devtalk.comments.dead'))[0]
        }, 15);
        ok $dead, $name or next;
        ok $dead->{headers}{dt_reason}, "why: " . ($dead->{headers}{dt_reason} // '');
        like $dead->{headers}{dt_origin}, qr{^devtalk\.comments/$good->{partition}/\d+$}, 'whence';
        is $dead->{key}, $garbage{$name}{key}, 'with its key';
        is $dead->{headers}{$_}, $garbage{$name}{headers}{$_}, "with its $_" for sort keys %{$garbage{$name}{headers} // {}};
    }
};

subtest 'an event that the database refuses' => sub {
    my %headers = (%{$good->{headers}}, ce_id => $uuid->(), ce_type => 'dev.devtalk.article.deleted');
    my $marked  = unique('refused');
    $events->put('devtalk.articles', key => '9' x 30, headers => \%headers, payload => qq({"id":0,"x":"$marked"}));
    my $dead = wait_until(sub { (grep { ($_->{payload} // '') =~ /$marked/ } $events->all('devtalk.articles.dead'))[0] }, 30);
    ok $dead, 'an id beyond bigint is dead after its tries' or return;
    ok $dead->{headers}{dt_reason}, "why: $dead->{headers}{dt_reason}";
};

subtest 'an unknown type is nobody\'s concern' => sub {
    my $marked = unique('unknown');
    $events->put('devtalk.comments', partition => $good->{partition}, key => $id, payload => qq({"x":"$marked"}),
        headers => {%{$good->{headers}}, ce_id => $uuid->(), ce_type => 'dev.devtalk.comment.sung'});
    $bob->comment($article, 'After a song');
    $n++;
    eventually 'what comes behind it passes', 10, sub { $count->() == 1 + $n };
    is scalar(grep { ($_->{payload} // '') =~ /$marked/ } $events->all('devtalk.comments.dead')), 0,
        'and it is not dead: others may know it one day';
};

finish();
