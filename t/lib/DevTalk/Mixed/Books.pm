package DevTalk::Mixed::Books;

# What the crowds of the mixed load were told of their writes, and what has
# become of them: rows, events and effects.
#
# Of each thing (article a, comment c, favorite f) its books say which version
# was acknowledged last, and which writes ended in doubt: no answer, or 503.
# Such a write is the thing's last one; it was done, wholly, or it was not.

use Mojo::Base -base, -signatures;

use DevTalk::Client;
use DevTalk::Stack qw(pg wait_until);

has mark   => sub { die 'mark' };
has things => sub { {} };      # {made, acked, doubt, why, gone, changes, ...}

has acknowledged => 0;         # writes
has lost         => sub { [] };
has half         => sub { [] };
has twice        => sub { [] };
has applied      => sub { {} };    # writes in doubt that were done: by "why"

has _pg => undef;

my %WRITE = map { $_ => 1 } qw(publish edit comment recomment uncomment favorite);


# An article that was there before.

sub article ($self, $key, $slug) {
    $self->things->{$key} = {kind => 'article', made => 1, acked => 0, told => {}, slug => $slug};
}


sub enter ($self, $outcome) {
    return unless $WRITE{$outcome->{kind}} && $outcome->{object};
    return if $outcome->{status} =~ /^4/;

    my $thing = $self->things->{$outcome->{object}}
        //= {kind => $outcome->{kind} =~ s/^publish$/article/r, acked => 0, told => {}};
    my $done = $outcome->{status} =~ /^2/;

    $self->acknowledged($self->acknowledged + 1) if $done;
    $thing->{why} = $outcome->{why} // $outcome->{status} unless $done;

    if ($outcome->{kind} =~ /^(?:publish|comment)$/) {
        $thing->{made} = $done ? 1 : undef;
        $thing->{$outcome->{kind} eq 'comment' ? 'id' : 'slug'} = $outcome->{note} if $done;
    }
    elsif ($outcome->{kind} eq 'uncomment') {
        $thing->{gone} = $done ? 1 : 0;
    }
    elsif ($done) {
        $thing->{acked} = $outcome->{value};
        $thing->{told}{$outcome->{value}} = 1;
        $thing->{changes}++;
    }
    else {
        $thing->{doubt} = $outcome->{value};
    }
}


# Compares the books with the servers, once these have come to rest.

sub settle ($self, $events = undef) {
    $self->_pg(pg());
    $self->_rest;

    my $told = $events ? $self->_events($events) : undef;
    my $rows = $self->_rows;

    for my $key (sort keys %{$self->things}) {
        my $thing = $self->things->{$key};
        my $check = $key =~ /^f / ? '_check_favorite' : '_check_thing';
        $self->$check($key, $thing, $rows, $told);
    }

    $self->_check_strange($rows);
    $self->_check_counters;
    $self->_check_nodes;
    $self->_pg(undef);
    return $self;
}


# Every event has gone to Kafka, and has had its effect on the counts.

sub _rest ($self) {
    my $pg = $self->_pg;

    for my $schema (qw(auth articles comments)) {
        my $left;
        wait_until(sub {
            ($left) = $pg->selectrow_array("select count(*) from $schema.outbox");
            return $left == 0;
        }, 30) or push @{$self->half}, "$left events stay in the outbox of $schema";
    }

    my $wrong;
    wait_until(sub {
        $wrong = $pg->selectcol_arrayref(q{
            select a.slug || ' has ' || a.comments_count || ', not ' || count(c.id) || ' comments'
              from articles.articles a left join comments.comments c on c.article_id = a.id
             group by a.id having a.comments_count <> count(c.id)});
        return !@$wrong;
    }, 30) or push @{$self->half}, @$wrong;
}


# By key: [{version, ...}, ...] of articles and comments; favorites by object.

sub _rows ($self) {
    my ($pg, $mark, %rows) = ($self->_pg, $self->mark);

    for my $table (['articles.articles', 'description'], ['comments.comments', 'body']) {
        my $found = $pg->selectall_arrayref(
            "select id, $table->[1] from $table->[0] where $table->[1] like ?", undef, "$mark %");
        for my $row (@$found) {
            my ($key, $version) = $row->[1] =~ /^\Q$mark\E (\S+)\. v(\d+)$/ or next;
            push @{$rows{$key}}, {id => $row->[0], version => $version};
        }
    }

    my $favorites = $pg->selectcol_arrayref(q{
        select 'f ' || u.username || ' ' || a.slug from articles.favorites f
          join auth.users u on u.id = f.user_id join articles.articles a on a.id = f.article_id});
    $rows{$_} = 1 for @$favorites;

    return \%rows;
}


# Distinct ids of events: {key}{what}{id}.  "what" is created, deleted, or the
# version; of a favorite changed.

sub _events ($self, $events) {
    my ($mark, %told) = ($self->mark);
    my $names = {map {@$_} @{$self->_pg->selectall_arrayref('select id, username from auth.users')}};
    my $slugs = {map {@$_} @{$self->_pg->selectall_arrayref('select id, slug from articles.articles')}};
    my $seen  = -1;

    # Until nothing more comes.
    wait_until(sub {
        my $count = map { $events->all($_) } qw(devtalk.articles devtalk.comments);
        my $same  = $count == $seen;
        $seen = $count;
        Time::HiRes::sleep(0.5) unless $same;
        return $same;
    }, 60);

    for my $event (map { $events->all($_) } qw(devtalk.articles devtalk.comments)) {
        my $data = $event->{data} // next;
        my $id   = $event->{headers}{ce_id};
        my ($what) = $event->{headers}{ce_type} =~ /\.(\w+)$/;

        if ($what =~ /favorited$/) {
            my $object = join ' ', 'f', $names->{$data->{userId}} // '', $slugs->{$data->{articleId}} // '';
            $told{$object}{changed}{$id} = 1;
        }
        elsif ($event->{topic} eq 'devtalk.comments' && $what eq 'deleted') {
            $told{"c#$data->{id}"}{deleted}{$id} = 1;
        }
        elsif (($data->{description} // $data->{body} // '') =~ /^\Q$mark\E (\S+)\. v(\d+)$/) {
            $told{$1}{$what eq 'created' ? 'created' : $2}{$id} = 1;
        }
    }

    return \%told;
}


sub _check_thing ($self, $key, $thing, $rows, $told) {
    my @rows = @{$rows->{$key} // []};
    my $row  = $rows[0];

    push @{$self->twice}, "$key is there " . @rows . ' times' if @rows > 1;

    if ($thing->{made} && !$row) {
        push @{$self->lost}, "$key is not there" unless defined $thing->{gone};
    }
    elsif ($row && $thing->{gone}) {
        push @{$self->lost}, "$key is there again";
    }
    elsif ($row && $row->{version} != $thing->{acked}
        && !(defined $thing->{doubt} && $row->{version} == $thing->{doubt}))
    {
        push @{$self->lost}, "$key is v$row->{version}, not v$thing->{acked}";
    }

    $self->_count_applied($thing, $row);
    $self->_check_events($key, $thing, $row, $told) if $told;
}

# What was in doubt, and was done.

sub _count_applied ($self, $thing, $row) {
    my $done = defined $thing->{doubt} ? $row && $row->{version} == $thing->{doubt}
        : defined $thing->{gone} ? !$thing->{gone} && !$row
        : !defined $thing->{made} && $row;
    $self->applied->{$thing->{why}}++ if $done && $thing->{why};
}

# An event for each write that was done, and for nothing else.

sub _check_events ($self, $key, $thing, $row, $told) {
    my $mine = $told->{$key} // {};
    my %want = map { $_ => 1 } keys %{$thing->{told}};
    my $old  = $thing->{kind} eq 'article' && $thing->{made} && !exists $mine->{created};

    # Those of before the load are not all seen: the readers begin with it.
    $want{created} = 1 if ($thing->{made} || $row) && !($old && $key =~ /^a/);
    $want{$thing->{doubt}} = 1 if defined $thing->{doubt} && $row && $row->{version} == $thing->{doubt};

    push @{$self->half}, map {"$key: no event of $_"} grep { !$mine->{$_} } sort keys %want;
    push @{$self->half}, map {"$key: an event of $_"} grep { !$want{$_} && $_ ne 'created' } sort keys %$mine;
    push @{$self->half}, "$key was told of, and is not there"
        if $mine->{created} && !$row && !defined $thing->{gone};

    for my $what (sort keys %$mine) {
        my $times = keys %{$mine->{$what}};
        push @{$self->twice}, "$key: $times events of $what" if $times > 1;
    }

    return unless defined $thing->{gone};
    my $deleted = keys %{($told->{"c#" . ($thing->{id} // 0)} // {})->{deleted} // {}};
    push @{$self->half}, "$key is gone without an event" if !$row && !$deleted;
    push @{$self->half}, "$key is not gone, and told of so" if $row && $deleted;
    push @{$self->twice}, "$key: $deleted events of its end" if $deleted > 1;
}


sub _check_favorite ($self, $key, $thing, $rows, $told) {
    my $is = $rows->{$key} ? 1 : 0;
    my $doubt = defined $thing->{doubt} && $is == $thing->{doubt} && $is != $thing->{acked};

    push @{$self->lost}, "$key is $is" if $is != $thing->{acked} && !$doubt;
    $self->applied->{$thing->{why}}++ if $doubt;
    return unless $told;

    my $want  = ($thing->{changes} // 0) + ($doubt ? 1 : 0);
    my $times = keys %{($told->{$key} // {})->{changed} // {}};
    push @{$self->half}, "$key: $times events of $want changes" if $times < $want;
    push @{$self->twice}, "$key: $times events of $want changes" if $times > $want;
}


# What nobody has written.

sub _check_strange ($self, $rows) {
    push @{$self->twice}, map {"$_ is there, and nobody made it"}
        grep { !/^f / && !$self->things->{$_} } sort keys %$rows;
}


sub _check_counters ($self) {
    push @{$self->half}, @{$self->_pg->selectcol_arrayref(q{
        with truth as (
            select 'total' as kind, '' as key, count(*) as n from articles.articles
            union all select 'favorited', user_id::text, count(*) from articles.favorites group by 2
            union all select 'tag', t.tag, count(*) from articles.articles, unnest(tags) t (tag) group by 2
        ), counted as (
            select kind, key, sum(n) as n from articles.counters group by 1, 2
        )
        select format('%s of %s is counted as %s, and is %s', kind, key, c.n, t.n)
          from counted c full join truth t using (kind, key)
         where coalesce(c.n, 0) <> coalesce(t.n, 0)})};
    push @{$self->half}, @{$self->_pg->selectcol_arrayref(q{
        with truth as (
            select distinct on (author_id) author_id, count(*) over (partition by author_id) as n, id
              from articles.articles
             order by author_id, created_at desc, id desc
        )
        select format('%s is said to have %s articles, the last of them %s, and has %s, %s', author_id, b.n, b.id, t.n, t.id)
          from articles.author_articles b full join truth t using (author_id)
         where coalesce(b.n, 0) <> coalesce(t.n, 0) or b.id is distinct from t.id})};
    push @{$self->half}, @{$self->_pg->selectcol_arrayref(q{
        select format('%s has %s favorites, not %s', a.slug, a.favorites_count, count(f.user_id))
          from articles.articles a left join articles.favorites f on f.article_id = a.id
         group by a.id having a.favorites_count <> count(f.user_id)})};
}


# Both nodes show what is there; of many articles some.

sub _check_nodes ($self) {
    my @slugs = sort grep {defined} map { $_->{slug} } values %{$self->things};
    splice @slugs, int(rand @slugs), 1 while @slugs > 60;

    for my $slug (@slugs) {
        my ($text, @counts) = $self->_pg->selectrow_array(q{
            select description, favorites_count, comments_count from articles.articles where slug = ?}, undef, $slug)
            or next;
        for my $node (1, 2) {
            my $shown;
            wait_until(sub {
                my $article = DevTalk::Client->new(node => $node)->get("/api/articles/$slug")->json->{article};
                $shown = join ' / ', @$article{qw(description favoritesCount commentsCount)};
                return $shown eq join ' / ', $text, @counts;
            }, 5) or push @{$self->half}, "node $node shows $shown of $slug, not " . join ' / ', $text, @counts;
        }
    }
}


1;
