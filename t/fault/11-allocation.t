use lib 't/lib';
use DevTalk::Test;

use List::Util qw(max sum0);
use Mojo::JSON qw(encode_json);
use Time::HiRes qw(time);

use DevTalk::Contract;
use DevTalk::Figures;
use DevTalk::Node;
use DevTalk::Raw;
use DevTalk::Shim;

# Memory that runs out at each allocation of each route, one at a time: an
# honest error or the right answer, never a crash, and what was acknowledged
# is there, for readers of both nodes.  A request is repeated with its first,
# second, ... allocation failed until it passes with none.
#
# Short: some of them, by chance (DEVTALK_SEED); DEVTALK_LONG=1: each.
# DEVTALK_ROUTE='PUT /api/user' is that route alone.

my $LONG = $ENV{DEVTALK_LONG};
my $SEED = $ENV{DEVTALK_SEED} // time ^ $$;
note 'DEVTALK_SEED=' . int $SEED;
srand int $SEED;

# Of each way through a route, about so many; each, if there are no more.
my $TRIES = $LONG ? 1_000_000 : $ENV{DEVTALK_TRIES} // 4;

# The words of starve.c.
my ($PID, $NTH, $SEEN, $FAILED, $TRACE) = (0, 1, 2, 3, 5);

my ($anna, $bob) = (signed_in('anna'), signed_in('bob'));
my $pg = pg();

# librdkafka ends a process that has no memory; the other node does its work.
# What other libraries lose of their own when they get no memory is theirs.
my $shim = DevTalk::Shim->build('starve', leaks => [map {"lib$_.so"}
    qw(hiredis pq crypto ssl jwt jansson icuuc icui18n sodium)]);
my $node = DevTalk::Node->run(1, workers => 1, shim => $shim,
    edit => sub ($conf) { $conf =~ s/^\s*devtalk_kafka .*\n//mr });
my ($worker, $others) = nginx_workers(1);
ok !$others, 'one worker';
my $descriptors = sub { scalar(() = glob "/proc/$worker/fd/*") };


# A way through a route: "make" what it needs, the request, the right status,
# and "kept": is what was acknowledged there, in words of what is wrong.

my $row  = sub ($sql, @values) { ($pg->selectrow_array($sql, undef, @values))[0] };
my $path = sub ($made) { "/api/articles/$made->{slug}" };

# What both nodes show is what the database has; at once if the writer was
# told, and soon if not.
my $agree = sub ($reply, $where, $see, $truth) {
    my $wrong;
    my $look = sub {
        ($wrong) = map {
            my $seen = anybody($_)->get($where);
            $seen->status == 200 && $see->($seen->json) eq $truth ? () : "node $_ shows "
                . ($seen->status == 200 ? $see->($seen->json) : $seen->status) . ", not $truth"
        } 1, 2;
        return !$wrong;
    };
    $reply->status < 300 && $reply->status ? $look->() : wait_until($look, 8);
    return $wrong;
};

my $article_kept = sub ($made, $reply) {
    my $body = $row->('select body from articles.articles where slug = ?', $made->{slug});
    return 'no article' unless defined $body;
    return "it has $body" if $reply->status == 200 && $body ne $made->{sent};
    return $agree->($reply, $path->($made), sub ($json) { $json->{article}{body} }, $body);
};

my $favorites_kept = sub ($expected) {
    sub ($made, $reply) {
        my $count = $row->('select favorites_count from articles.articles where slug = ?', $made->{slug});
        return "favorites: $count" if $reply->status == 200 && $count != $expected;
        return $agree->($reply, $path->($made), sub ($json) { $json->{article}{favoritesCount} }, $count);
    }
};

my $gone = sub ($sql) {
    sub ($made, $reply) {
        my $there = $row->($sql, $made->{id} // $made->{slug});
        return $reply->status == 204 && $there ? 'it is there' : undef;
    }
};

my $comments_kept = sub ($made, $reply) {
    my $bodies = join ',', sort @{$pg->selectcol_arrayref(q{
        select c.body from comments.comments c join articles.articles a on a.id = c.article_id
         where a.slug = ?}, undef, $made->{slug})};
    return "not $made->{sent}" if $reply->status =~ /^20[01]$/ && $bodies !~ /\Q$made->{sent}\E/;
    return "still $made->{gone}" if $reply->status == 204 && $bodies =~ /\Q$made->{gone}\E/;
    return $agree->($reply, $path->($made) . '/comments', sub ($json) {
        join ',', sort map { $_->{body} } @{$json->{comments}}
    }, $bodies);
};

my $published = $anna->publish(tagList => ['alpha', 'beta']);
$bob->comment($published);
$bob->follow($anna);
my $token = $anna->token;

# What is cached of it is not good any more.
my $colden = sub ($more = undef) {
    sub {
        $anna->on(2)->edit($published, description => unique('Cold'));
        return {slug => $published->{slug}};
    }
};
my $warmed = sub ($where) {
    sub { anybody()->get($where) for 1, 2; return {} }
};

my $publish = sub (%more) {
    sub { return {%{$anna->on(2)->publish}, sent => unique('Sent'), %more} }
};

my $commented = sub {
    my $made = $anna->on(2)->publish;
    my $told = $bob->on(2)->comment($made, unique('Comment'));
    return {slug => $made->{slug}, id => $told->{id}, sent => unique('Edited'), gone => $told->{body}};
};

my $account = sub {
    my $name = unique('new');
    return {username => $name, email => "$name\@example.com", password => password()};
};
my $registered = sub { my $client = signed_in('temp', node => 2); return {%{$client->user}, token => $client->token} };

my $entered = sub {
    my $client = signed_in('temp', node => 2);
    my $tokens = anybody(2)->post('/api/sessions', {session => {email => $client->user->{email}, password => password()}})->json;
    return {%{$client->user}, %$tokens, token => $tokens->{access_token}};
};

# What Redis was not told is read from PostgreSQL, each two seconds.
my $ended = sub ($made, $reply) {
    return undef unless $reply->status == 204;
    my $open;
    wait_until(sub {
        ($open) = grep { anybody($_)->token($made->{token})->get('/api/user')->status != 401 } 1, 2;
        !$open;
    }, 5);
    return $open ? "its token is good on node $open" : undef;
};

my $body = unique('Text') . ' word' x 300;

my @ways = (
    {name => 'a new user', does => 'POST /api/users', make => $account, as => undef, right => 201,
        body => sub ($made) { {user => $made} },
        kept => sub ($made, $reply) {
            my $there = $row->('select count(*) from auth.users where username = ?', $made->{username});
            return $reply->status == 201 && !$there ? 'nobody there' : undef;
        }},
    {name => 'a log-in', does => 'POST /api/users/login', as => undef, right => 200,
        body => sub ($made) { {user => {email => $bob->user->{email}, password => password()}} }},
    {name => 'a wrong password', does => 'POST /api/users/login', as => undef, right => 401,
        body => sub ($made) { {user => {email => $bob->user->{email}, password => 'wrong horse battery'}} }},
    {name => 'a log-out', does => 'POST /api/users/logout', make => $registered, as => sub ($made) { $made->{token} },
        right => 204, kept => $ended},
    {name => 'a session', does => 'POST /api/sessions', as => undef, right => 201,
        body => sub ($made) { {session => {email => $bob->user->{email}, password => password()}} }},
    {name => 'a session with a cookie', does => 'POST /api/sessions', as => undef, right => 201,
        body => sub ($made) { {session => {email => $bob->user->{email}, password => password(), transport => 'cookie'}} }},
    {name => 'a refresh', does => 'POST /api/sessions/refresh', make => $entered, as => undef, right => 200,
        body => sub ($made) { {session => {refresh_token => $made->{refresh_token}}} },
        kept => sub ($made, $reply) {
            my $again = anybody(2)->post('/api/sessions/refresh', {session => {refresh_token => $made->{refresh_token}}});
            return 'it is not told again: ' . $again->status if $again->status != 200;
            return undef if $reply->status != 200 || $reply->json->{refresh_token} eq $again->json->{refresh_token};
            return 'another is told the second time';
        }},
    {name => 'the sessions', does => 'GET /api/sessions', right => 200},
    {name => 'the end of a session', does => 'DELETE /api/sessions/{session}', make => $entered, as => sub ($made) { $made->{token} },
        right => 204, kept => $ended},
    {name => 'the end of all', does => 'DELETE /api/sessions', make => $entered, as => sub ($made) { $made->{token} },
        right => 204, kept => $ended},
    {name => 'who am I', does => 'GET /api/user', right => 200},
    {name => 'with a token never seen', does => 'GET /api/user', make => $registered, as => sub ($made) { $made->{token} },
        right => 200},
    {name => 'with a forged token', does => 'GET /api/user', as => sub ($made) { substr($token, 0, -8) . unique('') =~ tr/-//dr },
        right => 401},
    {name => 'a new bio', does => 'PUT /api/user', make => sub { {sent => unique('Bio')} }, right => 200,
        body => sub ($made) { {user => {bio => $made->{sent}}} },
        kept => sub ($made, $reply) {
            my $bio = $row->('select bio from auth.users where username = ?', $anna->username);
            return "the bio is $bio" if $reply->status == 200 && $bio ne $made->{sent};
            return $agree->($reply, $path->($published), sub ($json) { $json->{article}{author}{bio} }, $bio);
        }},
    {name => 'a new password', does => 'PUT /api/user', make => $registered, as => sub ($made) { $made->{token} }, right => 200,
        body => sub ($made) { {user => {password => 'another horse battery'}} },
        kept => sub ($made, $reply) {
            return undef unless $reply->status == 200;
            my $login = anybody(2)->post('/api/users/login', {user => {email => $made->{email}, password => 'another horse battery'}});
            return $login->status == 200 ? undef : 'it is not good: ' . $login->status;
        }},
    {name => 'an account', does => 'DELETE /api/user', make => $registered, as => sub ($made) { $made->{token} }, right => 204,
        kept => sub ($made, $reply) {
            my $there = $row->('select count(*) from auth.public_users where username = ?', $made->{username});
            return $reply->status == 204 && $there ? 'it is there' : undef;
        }},

    {name => 'a profile', does => 'GET /api/profiles/' . $anna->username, as => sub ($made) { $bob->token }, right => 200},
    {name => "nobody's", does => 'GET /api/profiles/nobody', as => undef, right => 404},
    (map {
        my ($method, $after) = @$_;
        {name => $method eq 'POST' ? 'follow' : 'unfollow', does => "$method /api/profiles/" . $bob->username . '/follow',
            right => 200,
            make => sub {
                my $change = $method eq 'POST' ? 'delete' : 'post';
                $anna->on(2)->$change('/api/profiles/' . $bob->username . '/follow');
                return {};
            },
            kept => sub ($made, $reply) {
                return undef unless $reply->status == 200;
                my ($wrong) = grep {
                    ($anna->on($_)->get('/api/profiles/' . $bob->username)->json->{profile}{following} ? 1 : 0) != $after
                } 1, 2;
                return $wrong ? "node $wrong shows another" : undef;
            }}
    } ['POST', 1], ['DELETE', 0]),

    {name => 'a feed', does => 'GET /api/articles/feed', as => sub ($made) { $bob->token }, right => 200},
    {name => 'the front page, cold', does => 'GET /api/articles', make => $colden->(), as => undef, right => 200},
    {name => 'cold, for a reader', does => 'GET /api/articles', make => $colden->(), as => sub ($made) { $bob->token },
        right => 200},
    {name => 'warm', does => 'GET /api/articles', make => $warmed->('/api/articles'), as => undef, right => 200},
    {name => 'by tag, with a cursor', does => 'GET /api/articles?tag=alpha&limit=1', as => undef, right => 200},
    {name => 'by author', does => 'GET /api/articles?author=' . $anna->username, as => undef, right => 200},
    {name => 'a bad limit', does => 'GET /api/articles?limit=x', as => undef, right => 422},
    {name => 'a new article', does => 'POST /api/articles', right => 201,
        make => sub { {sent => unique('Überschrift')} },
        body => sub ($made) { {article => {title => $made->{sent}, description => 'x', body => $body, tagList => ['alpha', 'c++']}} },
        kept => sub ($made, $reply) {
            my @slug = @{$pg->selectcol_arrayref('select slug from articles.articles where title = ?', undef, $made->{sent})};
            return 'not there' if $reply->status == 201 && !@slug;
            return 'there twice' if @slug > 1;
            return undef unless @slug;
            return $agree->($reply, '/api/articles?limit=20', sub ($json) {
                scalar grep { $_->{slug} eq $slug[0] } @{$json->{articles}}
            }, 1);
        }},
    {name => 'no title', does => 'POST /api/articles', right => 422, body => sub ($made) { {article => {body => 'x'}} }},
    {name => 'no JSON', does => 'POST /api/articles', right => 400, bytes => '{"article":'},
    {name => 'cold', does => 'GET /api/articles/{slug}', make => $colden->(), as => undef, right => 200},
    {name => 'cold, for a reader', does => 'GET /api/articles/{slug}', make => $colden->(), as => sub ($made) { $bob->token },
        right => 200},
    {name => 'warm', does => 'GET /api/articles/{slug}', as => undef, right => 200,
        make => sub { $warmed->($path->($published))->(); return {slug => $published->{slug}} }},
    {name => 'warm, for a reader', does => 'GET /api/articles/{slug}', as => sub ($made) { $bob->token }, right => 200,
        make => sub { $warmed->($path->($published))->(); return {slug => $published->{slug}} }},
    {name => 'not there', does => 'GET /api/articles/no-such-slug', as => undef, right => 404},
    {name => 'an edit', does => 'PUT /api/articles/{slug}', make => $publish->(), right => 200,
        body => sub ($made) { {article => {body => $made->{sent}}} }, kept => $article_kept},
    {name => 'a new title', does => 'PUT /api/articles/{slug}', make => $publish->(), right => 200,
        body => sub ($made) { {article => {title => "Заголовок $made->{sent}"}} },
        kept => sub ($made, $reply) {
            my $there = $row->('select count(*) from articles.articles where title = ?', "Заголовок $made->{sent}");
            return $reply->status == 200 && !$there ? 'not renamed' : undef;
        }},
    {name => "another's", does => 'PUT /api/articles/{slug}', make => $publish->(), as => sub ($made) { $bob->token }, right => 403,
        body => sub ($made) { {article => {body => 'Mine'}} }},
    {name => 'gone', does => 'DELETE /api/articles/{slug}', make => $publish->(), right => 204,
        kept => $gone->('select count(*) from articles.articles where slug = ?')},
    {name => 'favorite', does => 'POST /api/articles/{slug}/favorite', make => $publish->(), as => sub ($made) { $bob->token },
        right => 200, kept => $favorites_kept->(1)},
    {name => 'unfavorite', does => 'DELETE /api/articles/{slug}/favorite', as => sub ($made) { $bob->token }, right => 200,
        make => sub { my $made = $publish->()->(); $bob->on(2)->favorite($made); return $made },
        kept => $favorites_kept->(0)},

    {name => 'cold', does => 'GET /api/articles/{slug}/comments', as => sub ($made) { $bob->token }, right => 200,
        make => sub { $bob->on(2)->comment($published, unique('Cold')); return {slug => $published->{slug}} }},
    {name => 'a page', does => 'GET /api/articles/{slug}/comments?limit=1', as => undef, right => 200,
        make => sub { {slug => $published->{slug}} }},
    {name => 'a comment', does => 'POST /api/articles/{slug}/comments', make => $publish->(), right => 201,
        body => sub ($made) { {comment => {body => $made->{sent}}} }, kept => $comments_kept},
    {name => 'an edit', does => 'PUT /api/articles/{slug}/comments/{id}', make => $commented, as => sub ($made) { $bob->token },
        right => 200, body => sub ($made) { {comment => {body => $made->{sent}}} }, kept => $comments_kept},
    {name => 'gone', does => 'DELETE /api/articles/{slug}/comments/{id}', make => $commented, as => sub ($made) { $bob->token },
        right => 204, kept => $comments_kept},

    {name => 'tags', does => 'GET /api/tags', as => undef, right => 200},
    {name => 'tags, cold', does => 'GET /api/tags', make => sub { $anna->on(2)->publish(tagList => [unique('t')]); return {} },
        as => undef, right => 200},
    {name => 'another method', does => 'POST /api/tags', as => undef, right => 405},
    {name => 'health', does => 'GET /health', as => undef, right => 200},
    {name => 'ready', does => 'GET /ready', as => undef, right => 200},
    {name => 'metrics', does => 'GET /metrics', as => undef, right => 200},
    {name => 'keys', does => 'GET /.well-known/jwks.json', as => undef, right => 200},
);


subtest 'all routes of the contract' => sub {
    my $contract = DevTalk::Contract->new;
    my %ways     = map { $_->{does} =~ s/\?.*//r => 1 } @ways;
    my @without;

    for my $route (@{$contract->routes}) {
        my $method = uc $route->{method};
        push @without, "$method $route->{path}" unless grep {
            my ($does, $where) = split / /;
            $does eq $method && $where =~ s/[{}]//gr =~ $route->{regex};
        } keys %ways;
    }
    is_deeply \@without, [], @{$contract->routes} . ' of them';
};


# One request; what came back, how many allocations there were and whether one
# was failed.

my $ask = sub ($way, $made, $nth) {
    my ($method, $where) = split / /, $way->{does};
    $where =~ s/\{(\w+)\}/$made->{$1}/ge;
    my $bytes = $way->{bytes} // ($way->{body} ? encode_json($way->{body}->($made)) : '');
    my $as    = exists $way->{as} ? $way->{as} && $way->{as}->($made) : $token;

    my @head = ("$method $where HTTP/1.1", 'Host: x',
        $as ? "Authorization: Token $as" : (),
        length $bytes ? ('Content-Type: application/json', 'Content-Length: ' . length $bytes)
        : $method ne 'GET' ? 'Content-Length: 0' : ());

    my $raw   = DevTalk::Raw->new;
    $shim->set($NTH, $nth, 0, 0);
    $shim->set($PID, $worker);
    my $begun = time;
    my $reply = $raw->send(\@head, $bytes)->reply($method, $where, 10);
    my $took  = time - $begun;
    $shim->set($PID, 0);
    close $raw->socket;

    my ($seen, $failed) = $shim->words($SEEN, 2);
    return ($reply, $seen, $failed, $took);
};

# Who had asked for the memory.
my $asked_by = sub {
    my @addresses;
    for my $address ($shim->words($TRACE, 24)) {
        last unless $address;
        push @addresses, $address;
    }
    return join "\n", grep {/devtalk|nginx/} $shim->where($worker, @addresses);
};

my $cut = sub ($reply) {
    my $length = $reply->header('Content-Length');
    return !$reply->status || defined $length && $length > length $reply->body;
};

my $wrong = sub ($way, $reply, $took) {
    return sprintf 'no answer for %.0f s', $took if $took > 5;
    return undef if $cut->($reply);

    if ($reply->status == 500 || $reply->status == 503) {
        my $problem = $reply->json // {};
        return "a $problem->{status} for a " . $reply->status if ($problem->{status} // 0) != $reply->status;
        return 'an error that is no problem' if ($reply->header('Content-Type') // '') ne 'application/problem+json';
        return undef;
    }
    return $reply->status . ' instead of ' . $way->{right} if $reply->status != $way->{right};

    my @wrong = anybody()->contract->check_reply($reply->method, $reply->path =~ s/\?.*//sr, $reply);
    return @wrong ? "not what the contract says: $wrong[0]" : undef;
};

my (%answers, %count);
my $recovery = 0;

# The same request with no failure works, though a connection may have to be
# made anew first.
my $recovers = sub ($way, $nth) {
    my $begun = time;
    my $last;
    my $good = wait_until(sub {
        ($last) = $ask->($way, $way->{make} ? $way->{make}->() : {}, 0);
        $last->status == $way->{right};
    }, 3);
    $recovery = max $recovery, time - $begun if $good;
    return $good ? () : "n = $nth: afterwards " . $last->status . ' ' . $last->body;
};

my $try = sub ($way, $nth) {
    my $made = $way->{make} ? $way->{make}->() : {};
    my ($reply, $seen, $failed, $took) = $ask->($way, $made, $nth);
    my @wrong = grep {defined} $wrong->($way, $reply, $took), $way->{kept} && $way->{kept}->($made, $reply);

    if ($failed) {
        $count{failed}++;
        $answers{$cut->($reply) ? 'cut' : $reply->status < 500 ? 'right' : $reply->status}++;
    }

    my $now = wait_until(sub { (nginx_workers(1))[0] }, 5);
    push @wrong, 'the worker died' if $now != $worker;
    $worker = $now;

    diag "$way->{does} ($way->{name}), n = $nth: ", $reply->status, ' ', substr($reply->body // '', 0, 200), "\n",
        join("\n", @wrong, $asked_by->()) if $failed && @wrong;
    return ($failed, map {"n = $nth: $_"} @wrong);
};

# Tokens end after a quarter of an hour, all of it takes longer.
my $renew = sub {
    for my $client ($anna, $bob) {
        my $reply = $client->on(2)->post('/api/users/login', {user => {email => $client->user->{email}, password => password()}});
        $client->token($reply->json->{user}{token}) if $reply->status == 200;
    }
    $token = $anna->token;
};

# Strides through 1 .. N, of which N is counted first.
for my $way (@ways) {
    $renew->();
    next if $ENV{DEVTALK_ROUTE} && "$way->{does} ($way->{name})" !~ /\Q$ENV{DEVTALK_ROUTE}\E/;

    my ($right, $count) = $ask->($way, $way->{make} ? $way->{make}->() : {}, 0);
    is $right->status, $way->{right}, "$way->{does} ($way->{name}): $right->{status}" or diag $right->_describe;

    my $begun  = time;
    my $stride = max 1, $count / $TRIES;
    my $nth    = 1 + rand($stride);
    my ($idle, @wrong) = (0);

    while ($idle < 3) {
        my ($failed, @more) = $try->($way, int $nth);
        push @wrong, @more, $failed ? $recovers->($way, int $nth) : ();
        $idle = $failed ? 0 : $idle + 1;
        $nth += $stride;
    }

    is_deeply \@wrong, [], "$count allocations, each an honest error or the right answer";
    note sprintf '%.1f s', time - $begun;
}

figure('allocation failures', $count{failed} // 0);
figure('allocation failures: answers', join ', ', map {"$_: $answers{$_}"} sort keys %answers);
figure('allocation failures: slowest recovery', ms($recovery), '<= 3000 ms');
cmp_ok $count{failed} // 0, '>=', ($ENV{DEVTALK_ROUTE} ? 1 : $LONG ? 5 * @ways : scalar @ways), 'allocations were failed';
ok $answers{500} || $answers{503}, 'some were answered by an error';

subtest 'nothing is left behind' => sub {
    for my $gauge (grep {/^devtalk_\w*in_flight/} map {s/\{.*//r} keys %{metrics(1)}) {
        eventually "$gauge is nothing", 5, sub { metric($gauge, node => 1) == 0 };
    }
    eventually 'the node is whole', 5, sub { whole(1) };
    my $before = $descriptors->();
    anybody()->get('/api/tags') for 1 .. 50;
    eventually 'no descriptor', 5, sub { $descriptors->() <= $before };
};

$node->restore;

# nginx tells of the memory that it did not get, auth of a reply without a
# token, and of an ended session that it hears of again two seconds later.
finish(allow => qr/\[(?:emerg|crit)\].*(?:malloc|memalign|alloc\(|no memory|has no token)|no memory for a session that has ended/);
