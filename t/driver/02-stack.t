# A person's way through the commands, on a stack of this file's own: two
# nodes, limits on.

use Mojo::Base -strict, -signatures;

use File::Temp qw(tempdir);
use Mojo::File qw(path);
use Mojo::JSON qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep time);

my $root = $ENV{DEVTALK_ROOT} // plan skip_all => 'run ./devtalk test';
my $build = $ENV{DEVTALK_BUILD};
my $port = 500 + ($ENV{DEVTALK_URL} =~ /:(\d+)/)[0];
my $home = path(tempdir(CLEANUP => 1));
chmod 0755, $home;

delete @ENV{grep {/^DEVTALK_/} keys %ENV};
@ENV{qw(DEVTALK_BUILD DEVTALK_HOME DEVTALK_PORT DEVTALK_NODES)} = ($build, $home, $port, 2);

sub driver (@words) {
    my $said = $home->child('said');
    my $code = system "'$root/devtalk' @words >'$said' 2>&1 </dev/null";
    return ($code >> 8, $said->slurp);
}

sub done_well (@words) {
    my ($code, $said) = driver(@words);
    is $code, 0, "devtalk @words" or diag $said;
    return $said;
}

sub pids { return {map { $_ => path($home, $_, 'pid')->slurp =~ s/\s.*//sr } qw(postgres redis kafka nginx-1 nginx-2)} }

END {
    my $code = $?;
    driver('reset') if $home;
    $? = $code;
}

my $said = done_well('up');
like $said, qr{http://127\.0\.0\.1:$port\b}, 'it says where it listens';
like $said, qr/demo\@example\.com .*demo-password/, 'and how to log in';

my @curl = $said =~ /^\s+(curl (?:.*\\\n)*.*)$/mg;
is scalar(@curl), 3, 'three lines to try';

subtest 'they work' => sub {
    for my $line (@curl) {
        my $reply = qx($line -s -f -m 10 </dev/null);
        ok eval { decode_json($reply) }, $line or diag $reply;
    }
};

subtest 'up again changes nothing' => sub {
    my $before = pids();
    my $begun  = time;
    done_well('up');
    note sprintf '%.1f s', time - $begun;
    is_deeply pids(), $before, 'the same servers';
};

subtest 'status' => sub {
    my $status = done_well('status');
    like $status, qr/^$_\s+127\.0\.0\.1:\d+\s+up\b.*\d+\.\d+/m, $_ for qw(nginx-1 nginx-2 postgres redis kafka);
};

subtest 'clients' => sub {
    like done_well('psql', '-Atc', q{"select 6 * 7"}), qr/^42$/m, 'psql';
    like done_well('redis', 'ping'), qr/^PONG$/m, 'redis';
};

subtest 'seed' => sub {
    done_well('seed', '--articles', 250);
    my $list = decode_json(qx(curl -s 'http://127.0.0.1:$port/api/articles?limit=1&offset=200'));
    cmp_ok $list->{articlesCount}, '>=', 250, "$list->{articlesCount} articles";
    done_well('seed', '--articles', 250);
    is decode_json(qx(curl -s 'http://127.0.0.1:$port/api/articles?limit=1&offset=200'))->{articlesCount},
        $list->{articlesCount}, 'again: no more';
};

subtest 'topics' => sub {
    my $seen = $home->child('topics');
    my $pid  = fork // die "fork: $!";
    if (!$pid) {
        setpgrp;
        open STDOUT, '>', $seen;
        open STDERR, '>&', \*STDOUT;
        open STDIN, '<', '/dev/null';
        exec "$root/devtalk", 'topics';
    }

    # It may follow from now on only: register until one is seen.
    my $name = "topics$$";
    for my $try (1 .. 60) {
        system qq(curl -s -o '$home/made' http://127.0.0.1:$port/api/users -H 'Content-Type: application/json' )
            . qq(-d '{"user":{"username":"$name$try","email":"$name$try\@example.com","password":"a good password"}}');
        last if -e $seen && $seen->slurp =~ /$name/;
        sleep 0.25;
    }
    like $seen->slurp, qr/user\.created.*$name/s, 'an event passes by';
    kill TERM => -$pid;
    waitpid $pid, 0;
};

subtest 'one server' => sub {
    my $before = pids();
    done_well('restart', 'nginx-2');
    my $after = pids();
    isnt $after->{'nginx-2'}, $before->{'nginx-2'}, 'nginx-2 is another';
    is $after->{'nginx-1'}, $before->{'nginx-1'}, 'nginx-1 the same';
    done_well('reload');
    is pids()->{'nginx-1'}, $before->{'nginx-1'}, 'also after a reload';
};

subtest 'down' => sub {
    my $before = pids();
    done_well('down');
    ok !path("/proc/$before->{$_}/exe")->stat, "$_ has gone" for sort keys %$before;
    my ($code, $status) = driver('status');
    isnt $code, 0, 'the status is a failure';
    unlike $status, qr/\bup\b/, 'and says so';
};

done_testing;
