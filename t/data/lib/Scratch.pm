package Scratch;

# A database of its own on the tests' PostgreSQL, with the migrations of all
# services; gone when the test ends.

use strict;
use warnings;

use DBI;
use DBD::Pg;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);

my @made;       # dropped at the end, also after a die()
our $root = $ENV{DEVTALK_ROOT} || abs_path(dirname(__FILE__) . '/../../..');


sub new {
    my ($class) = @_;

    my $self = bless {
        conninfo => $ENV{DEVTALK_PG} || '',
        name     => "devtalk_data_$$",
        owner    => $$,
    }, $class;

    my $admin = $self->connect(undef, 'postgres');
    $self->{$_} = $admin->{"pg_$_"} for qw(host port user);
    $ENV{PGPASSWORD} = $admin->{pg_pass} if length $admin->{pg_pass};

    $admin->do("CREATE DATABASE $self->{name}");
    $self->{admin} = $admin;
    push @made, $self;

    $self->psql(file => "$root/migrations/bootstrap.sql");
    return $self;
}


sub drop {
    my ($self) = @_;

    return if $self->{owner} != $$;
    local $?;
    eval { $self->{admin}->do("DROP DATABASE $self->{name} WITH (FORCE)"); 1 }
        or warn $@;
}

END { $_->drop for @made }


# A connection as a service's role ("articles"), or as the superuser.

sub connect {
    my ($self, $service, $name) = @_;

    $name //= $self->{name};
    my $dbh = DBI->connect("dbi:Pg:$self->{conninfo} dbname=$name", undef,
        undef, { RaiseError => 1, PrintError => 0, AutoCommit => 1,
                 pg_server_prepare => 1, AutoInactiveDestroy => 1 });

    if ($service) {
        $dbh->do("SET ROLE devtalk_$service");
        $dbh->do("SET search_path = $service");
        $dbh->do('SET plan_cache_mode = force_generic_plan');
        $dbh->do('SET jit = off');
    }

    return $dbh;
}


# A service's statement, prepared: by the name of its file.

sub statement {
    my ($self, $dbh, $service, $name) = @_;

    my $key = "$service/$name";
    my $text = $self->{text}{$key} //= do {
        my ($file) = grep { -f } "$root/ngx_devtalk_$service/sql/$name.sql",
                                 "$root/ngx_devtalk_core/sql/$name.sql";
        $file or die "no statement $name\n";
        my $sql = run('sh', "$root/tools/sqltext.sh", $file);
        $sql =~ s/^--.*\n//gm;
        $sql;
    };

    return $self->{prepared}{"$dbh"}{$key} //= $dbh->prepare($text,
        { pg_placeholder_dollaronly => 1 });
}


# Its first row, a hash; undef if there is none.

sub row {
    my ($self, $dbh, $service, $name, @values) = @_;

    my $sth = $self->statement($dbh, $service, $name);
    push @values, undef while @values < $sth->{NUM_OF_PARAMS};
    $sth->execute(@values);
    my $row = $sth->fetchrow_hashref;
    $sth->finish;

    return $row;
}


# Buffers that its plan touched, and the text of the plan.

sub buffers {
    my ($self, $dbh, $service, $name, @values) = @_;

    my $text = $self->statement($dbh, $service, $name)->{Statement};
    $dbh->do("PREPARE explained AS $text");
    my $call = 'EXECUTE explained'
        . (@values ? '(' . join(', ', map { $dbh->quote($_) } @values) . ')'
                   : '');
    $dbh->do($call);
    my $plan = join "\n", @{ $dbh->selectcol_arrayref(
        "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) $call") };
    $dbh->do('DEALLOCATE explained');

    my ($list) = $plan =~ /^\s*Buffers: shared(.*)$/m;
    my $n = 0;
    $n += $_ for ($list // '') =~ /(?:hit|read)=(\d+)/g;

    return ($n, $plan);
}


# Runs a file, or a text, as the superuser; its output.

sub psql {
    my ($self, %arg) = @_;

    my @command = ('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1',
        "$self->{conninfo} dbname=$self->{name}");
    push @command, '-v', "$_=$arg{set}{$_}" for keys %{ $arg{set} || {} };
    push @command, $arg{file} ? ('-f', $arg{file}) : ('-c', $arg{sql});

    return run(@command);
}


# "sqitch deploy", "verify", "revert" of a service; dies with its output if
# it fails.

sub sqitch {
    my ($self, $service, @words) = @_;

    my $target = "db:pg://$self->{user}\@/$self->{name}"
        . "?host=$self->{host}&port=$self->{port}";

    my $here = abs_path('.');
    chdir "$root/migrations/$service" or die "$service: $!\n";
    my $out = eval { run('sqitch', @words, '--target', $target) };
    my $error = $@;
    chdir $here;
    die $error if $error;

    return $out;
}


sub deploy {
    my ($self, @services) = @_;

    $self->sqitch($_, 'deploy')
        for @services ? @services : qw(auth articles comments);
    return $self;
}


# Users 1 to n, for tests that need no password.

sub people {
    my ($self, $n) = @_;

    $self->connect->do(q{
        INSERT INTO auth.users (id, username, email)
               OVERRIDING SYSTEM VALUE
        SELECT i, 'user' || i, 'user' || i || '@example.com'
          FROM generate_series(1, $1) AS i}, undef, $n);

    return $self;
}


sub run {
    my (@command) = @_;

    my $pid = open my $out, '-|';
    defined $pid or die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec @command or do { print "$command[0]: $!\n"; exit 127 };
    }

    local $/;
    my $text = <$out> // '';
    close $out or die "@command: exit status " . ($? >> 8) . "\n$text";

    return $text;
}


1;
