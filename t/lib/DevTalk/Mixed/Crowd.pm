package DevTalk::Mixed::Crowd;

# One process of the mixed load: its users ask at a given rate, each thing as
# often as its weight says, and what becomes of it is written down.
#
# Nobody changes a thing of which another crowd, or a request still under way,
# may change the value: so what a later reader must see is known.  A write
# whose outcome is not known retires its thing.

use Mojo::Base -base, -signatures;

use Time::HiRes qw(time);

use DevTalk::Stack qw(node_url);
use DevTalk::Wire;

has [qw(number mark rate)];
has slugs     => sub { [] };    # that everybody reads
has users     => sub { [] };    # {name, email, password, token}
has articles  => sub { [] };    # {key, slug, author, acked, busy, retired}
has published => 0;
has patience  => 10;
has weights   => sub { {} };
has paths     => undef;         # by kind: these are asked for, nothing else;
                                # or a URL that is no node's

has comments  => sub { [] };    # {key, id, slug, user, acked, busy}
has favorites => sub { {} };    # by user and slug: {acked, busy, retired}
has commented => 0;             # comments so far, for their keys
has wire      => sub ($self) { DevTalk::Wire->new(patience => $self->patience,
    urls => [node_url(1), node_url(2), $self->_others]) };

my %WEIGHT = (
    read => 40, seen => 12, front => 8, tag => 5, feed => 4, discussion => 6, me => 3,
    favorite => 8, comment => 6, recomment => 2, uncomment => 1, edit => 4, publish => 0.5,
    login => 1,
);
my $COMMENTS = 200;             # kept; more are removed


sub run ($self, $file) {
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    srand $$;

    my @kinds = $self->_kinds;
    my $gap   = 1 / $self->rate;
    my $due   = time + rand $gap;
    my $wire  = $self->wire;

    until ($stop) {
        my $now = time;

        # What could not be sent in time, as the machine had no time for this
        # process, is not made up for by a burst.
        $due = $now - 0.1 if $due < $now - 0.1;
        while ($due <= $now) {
            my $kind = _any(\@kinds);
            $self->$kind;
            $due += $gap * (0.5 + rand);
        }
        $wire->turn($due - time);
        $self->_write($file);
    }

    my $end = time + $self->patience + 1;
    $wire->turn(0.1) while $wire->waiting && time < $end;
    $self->_write($file, 1);
}

sub _kinds ($self) {
    if (my $paths = $self->paths) {
        my $node = 3;
        return map {
            my ($kind, $path) = ($_, $paths->{$_});
            my %other = $path =~ /^http:/ ? (node => $node++) : ();
            sub ($self) { $self->_ask($kind, GET => %other ? '/' : $path, %other) }
        } sort keys %$paths;
    }

    my %weight = (%WEIGHT, %{$self->weights});
    return map { ("ask_$_") x ($weight{$_} * 10) } sort keys %weight;
}


sub _others ($self) {
    my $paths = $self->paths // {};
    return grep {/^http:/} map { $paths->{$_} } sort keys %$paths;
}


# Lines wait a little, for one write for many of them.

sub _write ($self, $file, $now = 0) {
    return unless defined $self->{lines};
    return if !$now && time - ($self->{written} // 0) < 0.05;

    my $lines = delete $self->{lines};
    syswrite($file, $lines) == length $lines or die "write: $!";
    $self->{written} = time;
}


# Asks one of the nodes, or the given one; "check" looks at a reply of 2xx: undef or what is
# wrong; "after" (for a write) is told how it ended: 1 done, 0 not done, undef
# nobody knows.

sub _ask ($self, $kind, $method, $path, %option) {
    my $node    = $option{node} // 1 + int rand 2;
    my $user    = $option{user};
    my $json    = $option{json};
    my $request = "$method $path HTTP/1.1\r\nHost: devtalk\r\n"
        . ($user ? "Authorization: Token $user->{token}\r\n" : '')
        . (defined $json ? "Content-Type: application/json\r\nContent-Length: " . length($json) . "\r\n"
            : $method eq 'GET' ? '' : "Content-Length: 0\r\n")
        . "\r\n" . ($json // '');

    my $sent = $self->wire->ask($node - 1, $request, sub ($reply) {
        my ($why, $note) = $self->_judge($reply, $option{check});
        my $after = $option{after};
        my $more  = $after && $after->($reply->{status} =~ /^2/ ? 1
            : $reply->{status} =~ /^4/ ? 0 : undef, $reply);
        $self->_tell($reply->{at}, $reply->{took}, $kind, $node, $reply->{status}, $why,
            $option{object}, $option{value}, $more // $note);
    });
    return if $sent;

    # Everybody is busy: it was meant to be sent, and is not.
    $option{after}->(0, undef) if $option{after};
    $self->_tell(time, 0, $kind, $node, 0, 'crowded', undef, undef, undef);
}

sub _judge ($self, $reply, $check) {
    return $reply->{why} if $reply->{why};

    if ($reply->{status} == 503) {
        return $reply->{head} =~ /\nretry-after: *\d+/i ? () : ('status', 'no Retry-After');
    }
    return ('status', $reply->{body} =~ s/\s+/ /gr) unless $reply->{status} =~ /^2/;

    my $wrong = $check && $check->($reply);
    return $wrong ? ('stale', $wrong) : ();
}

sub _tell ($self, $at, $took, @fields) {
    $self->{lines} .= join("\t", sprintf('%.4f', $at), sprintf('%.4f', $took),
        map { $_ // '' } @fields) . "\n";
}

sub _any ($list) { return $list->[rand @$list] }


# Readers.

sub ask_front ($self) { return $self->_ask(front => GET => '/api/articles?limit=20') }

sub ask_tag ($self) {
    return $self->_ask(tag => GET => '/api/articles?limit=20&tag=mixed' . int rand 4);
}

sub ask_feed ($self) {
    return $self->_ask(feed => GET => '/api/articles/feed', user => _any($self->users));
}

sub ask_discussion ($self) {
    return $self->_ask(discussion => GET => '/api/articles/' . _any($self->slugs) . '/comments');
}

sub ask_me ($self) {
    my $user = _any($self->users);
    return $self->_ask(me => GET => '/api/user', user => $user, check => sub ($reply) {
        return index($reply->{body}, qq("$user->{name}")) >= 0 ? undef : 'somebody else';
    });
}


# One of one's own: at least the version that was acknowledged when it was
# asked for; or any.

sub ask_read ($self, $user = undef) {
    my $kind = $user ? 'seen' : 'read';
    return $self->_ask($kind, GET => '/api/articles/' . _any($self->slugs), user => $user) if rand() < 0.5;

    my $article = _any($self->articles);
    my $at_least = $article->{acked};
    my $pair = $user && $self->favorites->{"$user->{name} $article->{slug}"};
    my $favorited = $pair && !$pair->{busy} && !$pair->{retired} ? $pair->{acked} : undef;
    my $changes = $pair && $pair->{changes};

    return $self->_ask($kind, GET => "/api/articles/$article->{slug}", user => $user, check => sub ($reply) {
        my ($version) = $reply->{body} =~ /"description":"[^"]* v(\d+)"/ or return 'no description';
        return "v$version of $article->{key}, not v$at_least" if $version < $at_least;

        # While it was read nobody has changed that.
        return undef if !defined $favorited || $pair->{busy} || $pair->{retired} || $pair->{changes} != $changes;
        my ($shown) = $reply->{body} =~ /"favorited":(true|false)/ or return 'no favorited';
        return $shown eq ($favorited ? 'true' : 'false') ? undef : "favorited $shown by $user->{name}, $article->{key}";
    });
}

sub ask_seen ($self) { return $self->ask_read(_any($self->users)) }


# Signing in: sessions of old end with time, so everybody does now and then.

sub ask_login ($self) {
    my $user = _any($self->users);
    return $self->_ask(login => POST => '/api/users/login',
        json  => qq({"user":{"email":"$user->{email}","password":"$user->{password}"}}),
        check => sub ($reply) {
            my ($token) = $reply->{body} =~ /"token":"([^"]+)"/ or return 'no token';
            $user->{token} = $token;
            return undef;
        });
}


# Writers.

sub ask_favorite ($self) {
    my $user = _any($self->users);
    my $slug = _any($self->slugs);
    my $pair = $self->favorites->{"$user->{name} $slug"} //= {acked => 0, changes => 0};
    return $self->ask_front if $pair->{busy} || $pair->{retired};

    my $want = $pair->{acked} ? 0 : 1;
    $pair->{busy} = 1;
    return $self->_ask(favorite => ($want ? 'POST' : 'DELETE'), "/api/articles/$slug/favorite",
        user => $user, object => "f $user->{name} $slug", value => $want,
        after => sub ($done, $reply) {
            $pair->{busy} = 0;
            $pair->{changes}++;
            $pair->{acked} = $want if $done;
            $pair->{retired} = 1 unless defined $done;
            return undef;
        });
}

sub ask_publish ($self) {
    my $user = _any($self->users);
    my $key  = sprintf 'a%d.%d', $self->number, $self->published($self->published + 1)->published;
    my $text = sprintf '%s %s.', $self->mark, $key;

    return $self->_ask(publish => POST => '/api/articles', user => $user, object => $key, value => 0,
        json => qq({"article":{"title":"$text","description":"$text v0","body":"$text","tagList":["mixed","mixed@{[$self->number]}"]}}),
        after => sub ($done, $reply) {
            return undef unless $done;
            my ($slug) = $reply->{body} =~ /"slug":"([^"]+)"/ or return undef;
            push @{$self->articles}, {key => $key, slug => $slug, author => $user->{name}, acked => 0};
            return $slug;
        });
}

sub ask_edit ($self) {
    my $article = _any($self->articles);
    return $self->ask_publish if $article->{retired} && 1 > grep { !$_->{retired} } @{$self->articles};
    return $self->ask_front if $article->{busy} || $article->{retired};

    my ($user) = grep { $_->{name} eq $article->{author} } @{$self->users};
    my $next = $article->{acked} + 1;
    my $text = sprintf '%s %s. v%d', $self->mark, $article->{key}, $next;
    $article->{busy} = 1;

    return $self->_ask(edit => PUT => "/api/articles/$article->{slug}", user => $user,
        object => $article->{key}, value => $next, json => qq({"article":{"description":"$text"}}),
        after => sub ($done, $reply) { return _ended($article, $next, $done) });
}

# A write of the version "next" ended so.

sub _ended ($thing, $next, $done) {
    $thing->{busy} = 0;
    $thing->{acked} = $next if $done;
    $thing->{retired} = 1 unless defined $done;
    return undef;
}


sub ask_comment ($self) {
    return $self->ask_uncomment if @{$self->comments} > $COMMENTS;

    my $user = _any($self->users);
    my $slug = _any($self->slugs);
    my $key  = sprintf 'c%d.%d', $self->number, $self->commented($self->commented + 1)->commented;
    my $text = sprintf '%s %s. v0', $self->mark, $key;

    return $self->_ask(comment => POST => "/api/articles/$slug/comments", user => $user,
        object => $key, value => 0, json => qq({"comment":{"body":"$text"}}),
        after => sub ($done, $reply) {
            return undef unless $done;
            my ($id) = $reply->{body} =~ /"id":(\d+)/ or return undef;
            push @{$self->comments}, {key => $key, id => $id, slug => $slug, user => $user, acked => 0};
            return $id;
        });
}

# One that nobody changes at the moment.

sub _comment ($self) {
    my $comment = _any($self->comments) or return undef;
    return $comment->{busy} ? undef : $comment;
}

sub ask_recomment ($self) {
    my $comment = $self->_comment or return $self->ask_comment;
    my $next = $comment->{acked} + 1;
    my $text = sprintf '%s %s. v%d', $self->mark, $comment->{key}, $next;
    $comment->{busy} = 1;

    return $self->_ask(recomment => PUT => "/api/articles/$comment->{slug}/comments/$comment->{id}",
        user => $comment->{user}, object => $comment->{key}, value => $next,
        json => qq({"comment":{"body":"$text"}}),
        after => sub ($done, $reply) {
            $self->_gone($comment) unless defined $done;
            return _ended($comment, $next, $done);
        });
}

sub ask_uncomment ($self) {
    my $comment = $self->_comment or return $self->ask_front;
    $comment->{busy} = 1;

    return $self->_ask(uncomment => DELETE => "/api/articles/$comment->{slug}/comments/$comment->{id}",
        user => $comment->{user}, object => $comment->{key},
        after => sub ($done, $reply) {
            $self->_gone($comment) if $done || !defined $done;
            $comment->{busy} = 0;
            return undef;
        });
}

sub _gone ($self, $comment) {
    my $comments = $self->comments;
    @$comments = grep { $_ != $comment } @$comments;
}


1;
