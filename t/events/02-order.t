use lib 't/lib';
use DevTalk::Test;

use DevTalk::Events;

# The events of one aggregate arrive in the order of its changes, each once.

my $events = DevTalk::Events->start;
my $anna   = signed_in('anna');

# In order: which of two came first is told by the version of the row.
my $in_order = sub ($name, $count, $topic, %want) {
    my @events   = $events->at_least($count, $topic, %want, within => 30);
    my @versions = map { $_->{data}{version} } @events;
    is scalar(@events), $count, "$name: $count events";
    is_deeply \@versions, [sort { $a <=> $b } @versions], 'in order';
    my %seen;
    $seen{$_->{headers}{ce_id}}++ for @events;
    is keys %seen, scalar(@events), 'each once';
    my %partition;
    $partition{$_->{partition}}++ for @events;
    is keys %partition, 1, 'on one partition';
    return @events;
};

my $id_of = sub ($article) {
    (pg()->selectrow_array('select id from articles.articles where slug = ?', undef, $article->{slug}))[0];
};

subtest '100 edits, one after the other, on both nodes' => sub {
    my $article = $anna->publish;
    $anna->on($_ % 2 + 1)->edit($article, body => "Version $_", description => "Version $_") for 1 .. 100;
    my @events = $in_order->('edits', 100, 'devtalk.articles', key => $id_of->($article), type => 'article.updated');
    is_deeply [map { $_->{data}{description} } @events], [map {"Version $_"} 1 .. 100], 'with what they changed';
};

subtest '60 edits at once, on both nodes' => sub {
    my $article  = $anna->publish;
    my @clients  = map { $anna->on($_ % 2 + 1) } 1 .. 12;
    my @promises = map {
        my $n = $_;
        map { $_->request_p(PUT => "/api/articles/$article->{slug}", {article => {description => "Edit $n"}}) } @clients
    } 1 .. 5;
    my %status;
    $_->then(sub ($reply) { $status{$reply->status}++ })->wait for @promises;
    is_deeply \%status, {200 => 60}, 'all are taken';

    my @events = $in_order->('edits', 60, 'devtalk.articles', key => $id_of->($article), type => 'article.updated');
    is $events[-1]{data}{description}, $anna->article($article)->{description}, 'the last event is what stands';
};

subtest 'a life' => sub {
    my $article = $anna->publish;
    my $id      = $id_of->($article);
    $anna->edit($article, body => 'More');
    $anna->favorite($article);
    $anna->delete("/api/articles/$article->{slug}/favorite")->is(200);
    $anna->delete("/api/articles/$article->{slug}")->is(204);
    my @types = map { $_->{headers}{ce_type} =~ s/.*\.//r } $events->at_least(5, 'devtalk.articles', key => $id);
    is_deeply \@types, [qw(created updated favorited unfavorited deleted)], 'from birth to death';
};

subtest 'comments of one article' => sub {
    my $article = $anna->publish;
    my @made    = map { $anna->on($_ % 2 + 1)->comment($article, "Comment $_") } 1 .. 30;
    my @events  = $events->at_least(30, 'devtalk.comments', key => $id_of->($article));
    is_deeply [map { $_->{data}{id} } @events], [map { $_->{id} } @made], 'arrive as they were made';
};

finish();
