# A page costs the same however many articles there are: the buffers that its
# plan touches, with the plans that the services run with.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Scratch;
use Test::More;

use constant { FEW => 1000, MANY => 40000 };

my $db = Scratch->new->deploy;

sub seed {
    $db->psql(file => "$Scratch::root/migrations/seed.sql",
        set => { articles => shift });
}

sub one { return scalar $db->connect->selectrow_array(shift) }

sub costs {
    my $viewer = one(q{SELECT id FROM auth.users WHERE username = 'anna'});
    my $slug = one(q{SELECT slug FROM articles.articles
                      WHERE comments_count >= 2 LIMIT 1});
    my ($time, $id) = $db->connect->selectrow_array(q{
        SELECT (extract(epoch FROM created_at) * 1000000)::bigint, id
          FROM articles.articles
         ORDER BY created_at
        OFFSET (SELECT count(*) / 2 FROM articles.articles)
         LIMIT 1});
    my @first = (20, 0, undef, undef);
    my @later = (20, 0, $time, $id);

    my %cost;
    for my $case (
        ['article_by_slug',       'articles', $slug],
        ['articles_latest',       'articles', undef, @first],
        ['articles_latest',       'articles', $viewer, @later],
        ['articles_by_tag',       'articles', undef, @first, 'programming'],
        ['articles_by_tag',       'articles', undef, @later, 'programming'],
        ['articles_by_author',    'articles', $viewer, @first, 'demo'],
        ['articles_by_author',    'articles', $viewer, @later, 'demo'],
        ['articles_by_favorited', 'articles', $viewer, @first, 'demo'],
        ['articles_by_favorited', 'articles', $viewer, @later, 'demo'],
        ['feed',                  'articles', $viewer, @first],
        ['feed',                  'articles', $viewer, @later],
        ['profile',               'articles', 'demo', $viewer],
        ['viewer',                'articles', $viewer],
        ['viewer',                'comments', $viewer],
        ['viewer_seen',           'articles', $viewer, 'f1 o1 f2 o2'],
        ['comments_by_slug',      'comments', $slug],
        ['outbox_batch',          'articles', 100])
    {
        my ($name, $service, @values) = @$case;
        my $label = "$name(" . join(', ', map { $_ // 'null' } @values) . ')';
        $label =~ s/\Q$time, $id\E/later/;
        $label =~ s/\Q$slug\E/slug/;
        ($cost{$label}) = $db->buffers($db->connect($service), $service,
            $name, @values);
    }

    $cost{followed} = one("SELECT greatest(count(*), 1) FROM articles.follows
                            WHERE follower_id = $viewer");

    return \%cost;
}

seed(FEW);
my $few = costs();

seed(MANY);
my $many = costs();

is one('SELECT count(*) FROM articles.articles'), MANY, 'they are all there';

# An index over 40 times the rows has at most a level more.  The feed costs as
# much as authors are followed: more of them where there are more.
for my $label (sort keys %$few) {
    my $more = $label =~ /^feed/
        ? $many->{followed} / $few->{followed} : 1;
    next if $label eq 'followed';
    cmp_ok $many->{$label}, '<=', 1.6 * $more * $few->{$label} + 10,
        "$label: $few->{$label} buffers, then $many->{$label}";
}

seed(MANY);
is one('SELECT count(*) FROM articles.articles'), MANY,
    'seed.sql adds nothing the second time';
is one(q{SELECT count(*)
           FROM articles.articles a
          WHERE favorites_count <> (SELECT count(*)
                                      FROM articles.favorites f
                                     WHERE f.article_id = a.id)
             OR comments_count <> (SELECT count(*)
                                     FROM comments.comments c
                                    WHERE c.article_id = a.id)}),
    0, 'and what it counts is right';

done_testing;
