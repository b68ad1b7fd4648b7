# "devtalk bench" in its smallest form: what it leaves behind is what others
# read, and an answer that is wrong is no throughput.

use Mojo::Base -strict, -signatures;

use File::Temp qw(tempdir);
use Mojo::DOM;
use Mojo::File qw(path);
use Mojo::JSON qw(decode_json);
use Test::More;

my $root = $ENV{DEVTALK_ROOT} // plan skip_all => 'run ./devtalk test';
my $build = $ENV{DEVTALK_BUILD};
my $port = 500 + ($ENV{DEVTALK_URL} =~ /:(\d+)/)[0];
my $home = path(tempdir(CLEANUP => 1));
chmod 0755, $home;

delete @ENV{grep {/^DEVTALK_/} keys %ENV};
@ENV{qw(DEVTALK_BUILD DEVTALK_HOME DEVTALK_BENCH_PORT)} = ($build, $home, $port);

my %goal = (read => 0.9, login => 0.9, 'favorite-hot' => 0.75);

sub bench ($results, @words) {
    my $said = $home->child('said');
    my $code = system "'$root/devtalk' bench --seconds 1 --pairs 1 --articles 1000 "
        . "--results '$results' @words >'$said' 2>&1 </dev/null";
    return ($code >> 8, $said->slurp);
}

END {
    my $code = $?;
    if ($home) {
        local $ENV{DEVTALK_HOME} = "$home/bench";
        system "'$root/devtalk' reset >/dev/null 2>&1 </dev/null";
    }
    $? = $code;
}

subtest 'words it does not know' => sub {
    for my $words ('--fast', '--only home', '--articles 5') {
        my ($code, $said) = bench($home, $words);
        isnt $code, 0, "$words: refused";
        like $said, qr/usage|error/, 'with a word on how';
    }
    ok !-e $home->child('bench', 'postgres'), 'and nothing was started';
};

subtest 'what a run leaves behind' => sub {
    my $results = $home->child('results');
    my ($code, $said) = bench($results, '--only', join ',', sort keys %goal);
    is $code, 0, 'it ends well' or diag $said;

    my $latest = decode_json($results->child('latest.json')->slurp);
    is_deeply [sort map { $_->{path} } @$latest], [sort keys %goal], 'an object a path';

    for my $one (@$latest) {
        my $name = $one->{path};
        is_deeply [sort keys %$one], [qw(goal limit_rps p50_ms p99_ms path ratio rps)], "$name: its members";
        cmp_ok $one->{$_}, '>', 0, "$name: $_ $one->{$_}" for qw(rps limit_rps ratio p50_ms);
        cmp_ok abs($one->{ratio} - $one->{rps} / $one->{limit_rps}), '<=', 0.00051, "$name: the ratio is of these two";
        cmp_ok $one->{p99_ms}, '>=', $one->{p50_ms}, "$name: p99 $one->{p99_ms} ms";
        is $one->{goal}, $goal{$name}, "$name: the goal";
        like $said, qr/^  \Q$name\E: /m, "$name: said while it runs";
    }

    my $svg = Mojo::DOM->new->xml(1)->parse($results->child('ratios.svg')->slurp);
    my @texts = $svg->find('text')->map('all_text')->each;
    for my $name (sort keys %goal) {
        ok scalar(grep { $_ eq $name } @texts), "$name: in the picture";
    }

    my $figures = decode_json($results->child('figures.json')->slurp);
    cmp_ok $figures->{pressed}{p99}, '>', 0, 'p99 of a cached read while people log in';
    cmp_ok scalar(@{$figures->{memory}{$_}}), '>=', 1, "memory $_" for qw(before after);
};

subtest 'an answer that is no 200 fails it' => sub {
    my $results = $home->child('refused');
    my ($code, $said) = bench($results, '--only front --limits');
    isnt $code, 0, 'the limits as they are shipped: a failure';
    like $said, qr/^devtalk bench: front: of \d+ requests [1-9]\d* were answered 4xx/m, 'it says which path and why' or diag $said;
    ok !-e $results->child('latest.json'), 'and leaves no results';
};

done_testing;
