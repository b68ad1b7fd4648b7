use lib 't/lib';
use DevTalk::Test;

use DevTalk::Contract;
use Mojo::JSON qw(decode_json);

# Every operation of openapi.yaml, called in hundreds of ways that somebody
# made up (explore.py): no answer is a 5xx, and each is as the document says.
# DEVTALK_CASES: so many ways an operation for each kind of caller, of which
# there are two.
# DEVTALK_SEED makes the calls of another run again.

my $cases = $ENV{DEVTALK_CASES} // 250;
my $seed  = $ENV{DEVTALK_SEED} // time % 1_000_000;
my $root  = DevTalk::Stack::root();
my $begun = time;

# Nothing of Python's is left in the repository.
local $ENV{PYTHONDONTWRITEBYTECODE}      = 1;
local $ENV{HYPOTHESIS_STORAGE_DIRECTORY} = home() . '/hypothesis';

my $python = $ENV{DEVTALK_PROPERTY}
    or die "DEVTALK_PROPERTY is not set: run ./devtalk test t/property\n";
my $pid = open my $results, '-|', $python, "$root/t/property/explore.py",
    '--cases', $cases, '--seed', $seed, "$root/docs/api/openapi.yaml",
    node_url(1), node_url(2)
    or die "$python: $!";

my (%met, $calls);
diag "seed $seed";

while (my $line = <$results>) {
    my $result = decode_json $line;
    my ($operation, $statuses) = @$result{qw(operation statuses)};

    ok !@{$result->{failures}}, "$operation, called by $result->{caller}: "
        . join ', ', map {"$_ x $statuses->{$_}"} sort keys %$statuses;
    diag "$_->{title}\n$_->{text}\n" for @{$result->{failures}};

    cmp_ok $result->{cases}, '>=', $cases, "in $cases ways";
    $met{$operation}++;
    $calls += $result->{cases};
}

ok close $results, 'all operations were met';
undef $pid;

my $contract = DevTalk::Contract->new;
is_deeply [sort keys %met],
    [sort map { uc($_->{method}) . " $_->{path}" } @{$contract->routes}],
    'these are all that the document has';

note sprintf '%d calls in %d s', $calls, time - $begun;
finish();

END { kill TERM => $pid if $pid }
