use lib 't/lib';
use DevTalk::Test;

use Mojo::Promise;

# Entity tags: who has the present version is not sent it again.

my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $article = $anna->publish(body => 'x' x 5000);
my $path    = "/api/articles/$article->{slug}";
my $get     = sub ($client, $tag = undef) {
    $client->get($path, headers => {defined $tag ? ('If-None-Match' => $tag) : ()})
};
my $opaque  = sub ($reply) { $reply->etag =~ s{^W/}{}r };

subtest 'the same version' => sub {
    my $tag = $get->(anybody())->is(200)->etag;
    for my $node (1, 2) {
        my $reply = $get->(anybody($node), $tag)->is(304, "node $node: 304");
        is $reply->body, '', 'with nothing';
        is $opaque->($reply), $tag =~ s{^W/}{}r, 'but the tag';
    }
    $get->(anybody(), $_)->is(304, "If-None-Match: $_")
        for '*', "\"other\", $tag", 'W/' . ($tag =~ s{^W/}{}r);
    $get->(anybody(), $_)->is(200, "If-None-Match: $_") for '"other"', 'garbage', '""', '"' . 'x' x 1000 . '"';
    my $head = anybody()->head($path)->is(200);
    is $opaque->($head), $tag =~ s{^W/}{}r, 'HEAD has it too';
};

subtest 'every change that shows makes another' => sub {
    my $last = $opaque->($get->(anybody()));
    my $other = sub ($name) {
        for my $node (1, 2) {
            my $reply = $get->(anybody($node), $last)->is(200, "$name: another version on node $node");
            isnt $opaque->($reply), $last, 'another tag';
        }
        $last = $opaque->($get->(anybody()));
        is $opaque->($get->(anybody(2))), $last, 'the same on both nodes';
    };

    $anna->edit($article, body => 'y' x 5000);
    $other->('a new body');
    $anna->edit($article, tagList => ['tag']);
    $other->('tags');
    $bob->favorite($article);
    $other->('a favorite');
    $anna->put('/api/user', {user => {bio => 'New words'}})->is(200);
    $other->("the author's bio");
    $bob->comment($article);
    eventually 'a comment is counted', 10, sub { anybody()->article($article)->{commentsCount} == 1 };
    $other->('a comment');
};

subtest "a reader's own marks are a part of the version" => sub {
    my $carol = signed_in('carol');
    my $before = $opaque->($get->($carol));
    $carol->favorite($article);
    my $seen = $get->($carol, $before)->is(200);
    is $seen->json->{article}{favorited}, true, 'a favorite';
    my $favorited = $opaque->($seen);
    $carol->follow($anna);
    $get->($carol, $favorited)->is(200, 'following');
    isnt $opaque->($get->($carol)), $opaque->($get->(anybody())), 'another than for anybody';
    $get->($carol->on(2), $opaque->($get->($carol)))->is(304, 'the same on the other node');
};

subtest 'If-Match on reading' => sub {
    my $tag = $opaque->($get->(anybody()));
    anybody()->get($path, headers => {'If-Match' => $tag})->is(200, 'the present version');
    anybody()->get($path, headers => {'If-Match' => '"other"'})->is(412, 'another');
};

subtest 'If-Match on writing' => sub {
    my $tag_of = sub ($client) { $client->get($path)->is(200)->etag };
    my $edit   = sub ($tag, $body) {
        $anna->put($path, {article => {body => $body}}, headers => {'If-Match' => $tag})
    };

    my $tag = $tag_of->($anna);
    $edit->($tag, 'First')->is(200, 'the version that one has seen');
    my $stale = $edit->($tag, 'Second')->is(412, 'an older one');
    is_deeply $stale->json->{errors}, {article => ['has changed']}, 'says what';
    is $stale->json->{code}, 'stale', 'and for programs';
    is anybody($_)->article($article)->{body}, 'First', "nothing is done on node $_" for 1, 2;

    $edit->(qq("other", $tag, ) . $tag_of->($anna), 'Third')->is(200, 'one of several');
    $edit->($tag_of->(anybody()), 'Fourth')->is(200, "a stranger's, for the reader's own fields do not count");
    $edit->('W/' . ($tag_of->($anna) =~ s{^W/}{}r), 'Fifth')->is(200, 'as a compressed answer has it');
    $edit->('*', 'Sixth')->is(200, 'any');
    $edit->($_, 'Never')->is(412, "If-Match: $_") for '"other"', 'garbage', '""', "\"\xFF\"", '"' . 'x' x 1000 . '"';

    $bob->put($path, {article => {body => 'Never'}}, headers => {'If-Match' => '"other"'})
        ->is(403, "another's article stays another's");
    $anna->put('/api/articles/nobody-wrote-this', {article => {body => 'Never'}}, headers => {'If-Match' => '"other"'})
        ->is(404, 'what is not there is not found');

    my $last = $tag_of->($anna);
    my @race = map {
        $anna->on($_ % 2 + 1)->request_p(PUT => $path, {article => {body => "Race $_"}}, headers => {'If-Match' => $last})
    } 1 .. 8;
    my @statuses;
    Mojo::Promise->all(@race)->then(sub { @statuses = sort map { $_->[0]->status } @_ })->wait;
    is_deeply \@statuses, [200, (412) x 7], 'of eight who have seen the same one writes';

    my $other = $anna->publish;
    my $place = "/api/articles/$other->{slug}";
    $anna->delete($place, headers => {'If-Match' => '"other"'})->is(412, 'a deletion of another version');
    $anna->delete($place, headers => {'If-Match' => anybody()->get($place)->etag})->is(204, 'of this one');
};

subtest 'conditions where there is nothing to compare' => sub {
    my $early = 'Sat, 01 Jan 2000 00:00:00 GMT';
    anybody()->get($path, headers => {'If-Unmodified-Since' => $early})
        ->is(200, 'an article has no date');

    for my $headers ({'If-None-Match' => '*'}, {'If-Match' => '"1"'}) {
        my ($name) = keys %$headers;
        $anna->get('/api/user', headers => $headers)->is(200, "an account has no version: $name");
        anybody()->get('/metrics', headers => $headers)->is(200, "nor have the metrics: $name");
    }
};

finish();
