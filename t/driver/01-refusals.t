# What the driver refuses: one line that says what and how to mend it, a
# failure, and nothing half-started.

use Mojo::Base -strict, -signatures;

use File::Temp qw(tempdir);
use IO::Socket::INET;
use Mojo::File qw(path);
use Test::More;

my $root = $ENV{DEVTALK_ROOT} // plan skip_all => 'run ./devtalk test';
my $build = "$ENV{DEVTALK_BUILD}";
my $port = 500 + ($ENV{DEVTALK_URL} =~ /:(\d+)/)[0];

delete @ENV{grep {/^DEVTALK_/} keys %ENV};
$ENV{DEVTALK_BUILD} = $build;

sub driver ($settings, @words) {
    my $home = tempdir(CLEANUP => 1);
    local %ENV = (%ENV, DEVTALK_HOME => $home, DEVTALK_PORT => $port, %$settings);
    my $said = path($home, 'said');
    my $code = system "'$root/devtalk' @words >'$said' 2>&1 </dev/null";
    return ($code >> 8, $said->slurp, $home);
}

sub refused ($why, $settings, @words) {
    my ($code, $said, $home) = driver($settings, @words);
    my ($last) = reverse split /\n/, $said;
    isnt $code, 0, "@words: fails";
    like $last // '', $why, 'and says why';
    my @left = path($home)->list_tree->grep(sub { $_->basename eq 'pid' && kill 0 => $_->slurp =~ s/\D//gr })->each;
    is_deeply \@left, [], 'nothing is left running';
}

subtest 'a word it does not know' => sub { refused(qr/help/, {}, 'fly') };

subtest 'settings' => sub {
    refused(qr/DEVTALK_PORT .*number/, {DEVTALK_PORT => 'eighty'}, 'up');
    refused(qr/DEVTALK_NODES .*number/, {DEVTALK_NODES => 0}, 'up');
    refused(qr/DEVTALK_LIMITS .*'on' or 'off'/, {DEVTALK_LIMITS => 'maybe'}, 'up');
    refused(qr/DEVTALK_REDIS/, {DEVTALK_REDIS => 'nowhere'}, 'up');
};

subtest 'a busy port' => sub {
    for my $taken ($port, $port + 101) {
        my $other = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $taken, ReuseAddr => 1)
            or die "port $taken: $!";
        refused(qr/\b$taken\b/, {}, 'up');
    }
};

subtest 'a server that is not there' => sub {
    refused(qr/127\.0\.0\.1:1\b/, {DEVTALK_REDIS => '127.0.0.1:1'}, 'up');
    refused(qr/PostgreSQL|postgres/i, {DEVTALK_POSTGRES => 'host=127.0.0.1 port=1'}, 'up');
};

subtest 'commands for a stack that is not up' => sub {
    refused(qr/up/, {}, $_) for qw(psql redis topics reload seed);
};

subtest 'help' => sub {
    my ($code, $said) = driver({}, 'help');
    is $code, 0, 'is no failure';
    my $readme = path($root, 'README.md')->slurp;
    like $readme, qr/^\| (?:[^|]*>)?`$_\b/m, "README tells of $_" for $said =~ /^  ([a-z]+)\b/mg;
};

done_testing;
