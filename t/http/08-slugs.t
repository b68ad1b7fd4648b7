use lib 't/lib';
use DevTalk::Test;

# How an article is called in URLs.

my $anna  = signed_in('anna');
my $slug  = sub ($title) { $anna->publish(title => $title)->{slug} };
my $x     = unique('x');            # keeps titles of two runs apart

subtest 'from the title' => sub {
    my %expected = (
        "Hello World $x"             => "hello-world-$x",
        "  Oh,   Brave - New!? $x  " => "oh-brave-new-$x",
        "C++ & C# -- which? $x"      => qr/^c(?:-and)?-c-which-$x$/,
        "Привет, мир $x"             => "privet-mir-$x",
        "Ёжик и Щука $x"             => "yezhik-i-shchuka-$x",
        "Crème brûlée $x"            => "creme-brulee-$x",
        "Straße $x"                  => "strasse-$x",
        "東京 $x"                     => qr/^dong-jing-$x$/,
        "İstanbul $x"                => "istanbul-$x",
        "Ⅷ ﬁn ½ $x"                  => qr/^viii-fin-1-?2-$x$/,
    );
    for my $title (sort keys %expected) {
        my $made = $slug->($title);
        ref $expected{$title} ? like $made, $expected{$title}, $title
            : is $made, $expected{$title}, $title;
    }
};

subtest 'nothing to make one from' => sub {
    for my $title ('!!!', '😀😀', '---', '«»', "\x{200b}x\x{200b}") {
        my $made = $slug->($title);
        like $made, qr/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "there is one all the same: $made";
        anybody()->article($made);
    }
};

subtest 'words of our own' => sub {
    my $made = $slug->('Feed');
    isnt $made, 'feed', 'an article named Feed does not hide the feed';
    is anybody()->article($made)->{title}, 'Feed', 'and is found';
};

subtest 'a long title' => sub {
    my $made = $slug->('Щ' x 200);
    is anybody()->article($made)->{title}, 'Щ' x 200, 'is found: ' . length($made) . ' characters';
};

subtest 'equal titles' => sub {
    my $title = "Equal $x";
    my %slug  = map { $slug->($title) => 1 } 1 .. 5;
    is keys %slug, 5, 'get different slugs';
    anybody()->article($_) for keys %slug;

    my @promises = map { $anna->on($_ % 2 + 1)->request_p(POST => '/api/articles',
        {article => {title => "At once $x", description => 'x', body => 'x'}}) } 1 .. 12;
    my %at_once;
    $_->then(sub ($reply) { $reply->is(201); $at_once{$reply->json->{article}{slug}}++ })->wait
        for @promises;
    is keys %at_once, 12, 'at once too';
};

subtest 'a new title' => sub {
    my $article = $anna->publish(title => "First $x", body => 'As it was');
    my $second  = $anna->edit($article, title => "Second $x");
    is $second->{slug}, "second-$x", 'makes a new slug';

    for my $node (1, 2) {
        my $reply = anybody($node)->get("/api/articles/first-$x")->is(301, "node $node: the old one leads");
        like $reply->header('Location'), qr{^(?:https?://[^/]+)?/api/articles/second-$x$}, 'to the new one';
    }

    my $third = $anna->edit($second, title => "Third $x");
    like anybody()->get("/api/articles/$_-$x")->is(301)->header('Location'),
        qr{/api/articles/third-$x$}, "$_ leads to the newest, in one step" for qw(first second);

    is $anna->edit($third, title => "Third $x!")->{slug}, "third-$x",
        'a title that makes the same slug keeps it';
    is $anna->edit($third, title => "THIRD $x")->{slug}, "third-$x", 'whatever the case';
};

subtest 'taking an old title back' => sub {
    my $article = $anna->publish(title => "Back $x");
    my $away    = $anna->edit($article, title => "Away $x");
    my $back    = $anna->edit($away, title => "Back $x");

    is $back->{slug}, "back-$x", 'its own old slug is free for it';
    is anybody($_)->article("back-$x")->{title}, "Back $x", "and answers again on node $_" for 1, 2;
    anybody()->get("/api/articles/away-$x")->is(301, 'the one between leads');
};

subtest "another's old slug" => sub {
    my $article = $anna->publish(title => "Moved $x");
    $anna->edit($article, title => "Gone on $x");
    my $bob   = signed_in('bob');
    my $other = $bob->publish(title => "Moved $x");

    if ($other->{slug} eq "moved-$x") {
        is anybody($_)->article("moved-$x")->{author}{username}, $bob->username,
            "a new article may have it (node $_)" for 1, 2;
    }
    else {
        like anybody($_)->get("/api/articles/moved-$x")->is(301)->header('Location'),
            qr{/gone-on-$x$}, "it goes on leading (node $_)" for 1, 2;
    }
};

subtest 'a deleted article' => sub {
    my $article = $anna->publish(title => "Old $x");
    my $new     = $anna->edit($article, title => "New $x");
    anybody()->get("/api/articles/old-$x")->is(301);
    $anna->delete("/api/articles/$new->{slug}")->is(204);
    anybody($_)->get("/api/articles/old-$x")->refused(404, article => 'not found') for 1, 2;
    anybody($_)->get("/api/articles/new-$x")->refused(404, article => 'not found') for 1, 2;
};

finish();
