package DevTalk::Stack;

# The servers under test: where they are, how to stop one, what they logged.

use Mojo::Base -strict, -signatures;

use Cwd qw(abs_path);
use DBI;
use Exporter qw(import);
use File::Basename qw(dirname);
use Mojo::File qw(path);
use Test::More ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(root home node_url pg redis kafka_broker server
    children nginx_master nginx_workers metric metrics wait_until signing_key
    log_mark log_lines access_lines);


sub root {
    return $ENV{DEVTALK_ROOT} // abs_path(dirname(__FILE__) . '/../../..');
}


sub _need ($name) {
    return $ENV{$name} // do {
        Test::More::plan(skip_all => "$name is not set: run ./devtalk test");
    };
}


sub home { return _need('DEVTALK_HOME') }


sub node_url ($node) {
    return _need($node == 2 ? 'DEVTALK_URL2' : 'DEVTALK_URL') =~ s{/$}{}r;
}


sub kafka_broker { return _need('DEVTALK_KAFKA') }


# A connection of the superuser, its own for each call.

sub pg {
    my $conninfo = _need('DEVTALK_PG') =~ s/\s+/;/gr;
    return DBI->connect("dbi:Pg:$conninfo", undef, undef,
        {RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_enable_utf8 => 1});
}


# One line of redis-cli's answer for each line of the reply.

sub redis (@command) {
    my ($host, $port) = _need('DEVTALK_REDIS') =~ /^(.*):(\d+)$/;
    open my $pipe, '-|', 'redis-cli', '-h', $host, '-p', $port, @command
        or die "redis-cli: $!";
    chomp(my @lines = <$pipe>);
    close $pipe;
    return wantarray ? @lines : join "\n", @lines;
}


# "server('stop', 'kafka')": by the driver, as a person would.

sub server ($action, $name) {
    my $begun = time;
    my $out   = path(home(), "test-$$.out");
    my $code  = system("'@{[root()]}/devtalk' $action $name >'$out' 2>&1 </dev/null");
    my $said  = $out->slurp;
    $out->remove;
    Test::More::note(sprintf 'devtalk %s %s: %.1f s', $action, $name, time - $begun);
    Test::More::BAIL_OUT("devtalk $action $name failed ($code): $said") if $code;
    return $said;
}


# Process ids.

sub children ($pid) {
    return split ' ', eval { path("/proc/$pid/task/$pid/children")->slurp } // '';
}


sub nginx_master ($node) {
    return path(home(), "nginx-$node", 'pid')->slurp =~ s/\s+//gr;
}


# Process ids of the workers that are not on their way out.

sub nginx_workers ($node) {
    my @workers = grep {
        my $title = eval { path("/proc/$_/cmdline")->slurp } // '';
        $title =~ /worker process/ && $title !~ /shutting down/;
    } children(nginx_master($node));

    @workers = sort { $a <=> $b } @workers;
    return @workers;
}


# { 'name{label="value"}' => number } as a node shows them.

sub metrics ($node = 1) {
    require Mojo::UserAgent;
    my $text = Mojo::UserAgent->new->get(node_url($node) . '/metrics')
        ->result->body;
    return {$text =~ /^([A-Za-z_:][^\s{]*(?:\{.*\})?) (\S+)$/mg};
}


# The sum of all series of a name, of one node or of both; undef: not there.

sub metric ($name, %option) {
    my ($sum, $labels) = (undef, $option{labels} // {});

    for my $node (defined $option{node} ? $option{node} : (1, 2)) {
        my $metrics = metrics($node);
      SERIES:
        for my $series (grep { /^\Q$name\E(?:\{|$)/ } keys %$metrics) {
            for my $label (keys %$labels) {
                next SERIES
                    unless $series =~ /[{,]\Q$label\E="\Q$labels->{$label}\E"/;
            }
            $sum = ($sum // 0) + $metrics->{$series};
        }
    }

    return $sum;
}


# Tries until "condition" returns something true, and returns that; undef when
# the time is over.  An exception is "not yet".  DEVTALK_SLOW: how much slower
# the servers are than they should be, with sanitizers say.

sub wait_until ($condition, $seconds = 5) {
    my $end  = time + $seconds * ($ENV{DEVTALK_SLOW} || 1);
    my $nap  = 0.005;

    while (1) {
        my $result = eval { $condition->() };
        return $result if $result;
        return undef if time >= $end;
        sleep $nap;
        $nap = $nap < 0.1 ? $nap * 1.5 : 0.1;
    }
}


# (kid, PEM file) that the nodes sign with, from nginx's configuration.

sub signing_key {
    my $text = '';
    for my $file (map { path($_)->list_tree->each } home(), root() . '/conf') {
        next unless $file =~ /\.conf$/ && -f $file;
        $text .= $file->slurp;
        last if $text =~ /^\s*devtalk_jwt_key\s+\S+\s+\S+\s+signing\s*;/m;
    }
    my ($kid, $pem) = $text
        =~ /^\s*devtalk_jwt_key\s+(\S+)\s+(\S+)\s+signing\s*;/m;
    return unless $kid;
    s/^"(.*)"$/$1/ for $kid, $pem;
    return ($kid, $pem);
}


# Logs are read from where they ended when the test began.

my @LOGS = qw(nginx-1/error.log nginx-2/error.log);
my %mark;

sub log_mark {
    for my $log (@LOGS, map {"nginx-$_/access.log"} 1, 2) {
        $mark{$log} = -s path(home(), $log) // 0;
    }
}


sub _since_mark ($log) {
    open my $file, '<:raw', path(home(), $log) or return;
    my $from = $mark{$log} // 0;
    seek $file, $from <= -s $file ? $from : 0, 0;
    return <$file>;
}


sub log_lines { return map { _since_mark($_) } @LOGS }


sub access_lines ($node) { return _since_mark("nginx-$node/access.log") }


1;
