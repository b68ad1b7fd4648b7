package DevTalk::Standby;

# A second PostgreSQL, at another address and port: a synchronous standby of
# the first, so that what the first acknowledges is here too.  It can take over
# from the first, and give back.

use Mojo::Base -base, -signatures;

use IO::Socket::INET;
use Mojo::File qw(path);
use Test::More ();

use DevTalk::Stack qw(children home pg server wait_until);

has ports => sub {          # of the first, of the second
    [pg()->{pg_port}, IO::Socket::INET->new(LocalAddr => '127.0.0.2', Listen => 1)->sockport];
};
has base  => sub { path(readlink(home() . '/state') // home()) };
has dir   => sub ($self) { $self->base->child('standby') };
has bin   => sub { path((sort glob '/usr/lib/postgresql/*/bin/pg_ctl')[-1])->dirname };
has first => sub { $ENV{DEVTALK_PG} };     # conninfos
has second => sub ($self) {
    return $self->first =~ s/\bhost=\S+/host=127.0.0.2/r
        =~ s/\bport=\S+/port=@{[$self->ports->[1]]}/r;
};


sub make ($class) {
    my $self = $class->new;
    $self->_admit;
    $self->dir->remove_tree;
    $self->dir->make_path;
    $self->_copy($self->first, $self->dir->child('data'));

    # Its own place, and what the first has set.
    my $dir = $self->dir;
    $self->dir->child('postgresql.conf')->spurt(join "\n",
        "include '" . $self->base->child('postgres/postgresql.conf') . "'",
        "data_directory = '$dir/data'", "hba_file = '$dir/pg_hba.conf'",
        "listen_addresses = '127.0.0.2'", "port = @{[$self->ports->[1]]}",
        "unix_socket_directories = ''", '');
    $self->dir->child('pg_hba.conf')->spurt(join "\n",
        'host all all 127.0.0.0/8 scram-sha-256', 'host replication all 127.0.0.0/8 scram-sha-256', '');
    $self->_own;
    $self->_start;
    $self->_follows($self->first);
    return $self;
}


# The first freezes; the second is made the server, and the first is ended.

sub freeze_first ($self) {
    $self->{kin} = [$self->_kin(path(home(), 'postgres/pid')->slurp + 0)];
    kill STOP => @{$self->{kin}};
}

sub take_over ($self) {
    $ENV{DEVTALK_PG} = $self->second;
    $self->_promote;
    kill KILL => @{$self->{kin}};
    wait_until(sub { !grep { kill 0 => $_ } @{$self->{kin}} }, 10) or die 'the first does not die';
}


# The first once more, as the standby of the second.

sub rebuild_first ($self) {
    my $data = $self->base->child('postgres/data');
    $data->remove_tree;
    $self->_copy($self->second, $data);
    server('start', 'postgres');
    $self->_follows($self->second);
}

sub kill_second ($self) { $self->_kill }

sub give_back ($self) {
    $ENV{DEVTALK_PG} = $self->first;
    $self->_promote;
}


# Who runs as root runs PostgreSQL as another.

sub _run ($self, @command) {
    unshift @command, qw(setpriv --reuid=postgres --regid=postgres --init-groups) if !$>;
    local $ENV{PGPASSFILE} = $self->_passwords;
    my $log = path(home(), 'log', 'standby.log');
    system('sh', '-c', 'log=$1; shift; exec "$@" >> "$log" 2>&1 < /dev/null', 'sh', $log, @command) == 0
        or die "@command: see $log";
}

# A password file of its user.

sub _passwords ($self) {
    my $file = $self->dir->child('passwords');
    return $file if -e $file;

    $file->spurt('*:*:*:*:' . ($ENV{PGPASSFILE} ? path($ENV{PGPASSFILE})->slurp =~ s/.*://sr : '') . "\n");
    $file->chmod(0600);
    $self->_own;
    return $file;
}

sub _own ($self) {
    return if $>;
    my ($user, $group) = (getpwnam 'postgres')[2, 3];
    chown $user, $group, $self->dir, $self->dir->list->each;
}


# Lets the first be copied.

sub _admit ($self) {
    my $file = $self->base->child('postgres/pg_hba.conf');
    my $text = $file->slurp;
    $file->spurt($text . "host replication all 127.0.0.0/8 scram-sha-256\n") unless $text =~ /replication/;
    pg()->do('select pg_reload_conf()');
    wait_until(sub { pg()->selectrow_array(q{
        select count(*) from pg_hba_file_rules where 'replication' = any (database)}) }, 5) or die 'pg_hba.conf';
}

sub _copy ($self, $from, $to) {
    $self->_run($self->bin->child('pg_basebackup'), '-D', $to, '-R', '-X', 'stream', '-c', 'fast',
        '-d', $from =~ s/ *passfile=\S+//r);
}

sub _start ($self) {
    my $dir = $self->dir;
    $self->_run($self->bin->child('pg_ctl'), 'start', '-w', '-s', '-D', "$dir/data", '-l', "$dir/log",
        '-o', "-c config_file=$dir/postgresql.conf");
    $self->{pid} = (split /\n/, path($dir, 'data/postmaster.pid')->slurp)[0];
    $self->{owner} = $$;
}


# From now on the server at "conninfo" acknowledges nothing that the other one
# does not have.

sub _follows ($self, $conninfo) {
    local $ENV{DEVTALK_PG} = $conninfo;
    wait_until(sub { pg()->selectrow_array(q{select count(*) from pg_stat_replication where state = 'streaming'}) }, 20)
        or die 'the standby does not follow';
    pg()->do(q{alter system set synchronous_standby_names = '*'});
    pg()->do('select pg_reload_conf()');
    wait_until(sub { pg()->selectrow_array(q{select count(*) from pg_stat_replication where sync_state = 'sync'}) }, 20)
        or die 'the standby is not synchronous';
}

sub _promote ($self) {
    pg()->do('select pg_promote(true, 30)');
    wait_until(sub { !(pg()->selectrow_array('select pg_is_in_recovery()'))[0] }, 20) or die 'no promotion';
}


sub _kin ($self, $pid) { return $pid, children($pid) }

sub _kill ($self) {
    my $pid = delete $self->{pid} or return;
    my @kin = $self->_kin($pid);
    kill KILL => @kin;
    wait_until(sub { !grep { kill 0 => $_ } @kin }, 10) or die 'the standby does not die';
}

# Whatever happened, nothing of it stays; nor a first that is frozen.

sub DESTROY ($self) {
    return unless ($self->{owner} // 0) == $$;
    local $?;
    local $@;
    kill CONT => @{$self->{kin} // []};
    eval { $self->_kill };
    eval { $self->dir->remove_tree };
}


1;
