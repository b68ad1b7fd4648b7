use lib 't/lib';
use DevTalk::Test;

# The tags in use.

my $anna = signed_in('anna');
my $tags = sub ($node = 1) { anybody($node)->get('/api/tags')->is(200)->json->{tags} };

subtest 'a list of words' => sub {
    my $tag = unique('tag');
    $anna->publish(tagList => [$tag]) for 1 .. 2;
    my $seen = $tags->();
    my %count;
    $count{$_}++ for @$seen;
    is_deeply [grep { $count{$_} > 1 } keys %count], [], 'each once';
    cmp_ok scalar(@$seen), '<=', 1000, 'not all the world';
};

subtest 'a popular one is there, and goes with its articles' => sub {
    # More used than any other, so that a limit of the list does not hide it.
    my ($most) = pg()->selectrow_array(<<~'SQL');
        select coalesce(max(n), 0)
          from (select count(*) as n from articles.article_tags group by tag) as tags
        SQL
    plan skip_all => "one tag has $most articles already" if $most > 300;

    my $tag      = unique('popular');
    my @articles = map { $anna->publish(tagList => [$tag]) } 0 .. $most;
    eventually "node $_ shows it", 5, sub { grep { $_ eq $tag } @{$tags->($_)} } for 1, 2;

    $anna->delete("/api/articles/$_->{slug}")->is(204) for @articles;
    eventually "node $_ no longer", 5, sub { !grep { $_ eq $tag } @{$tags->($_)} } for 1, 2;
};

finish();
