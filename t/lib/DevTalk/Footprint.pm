package DevTalk::Footprint;

# What the nodes hold at a moment: memory, descriptors, connections.
#
#     my $before = DevTalk::Footprint->take;
#     ...
#     DevTalk::Footprint->take->differs($before)

use Mojo::Base -base, -signatures;

use Mojo::File qw(path);
use Time::HiRes qw(sleep);

use DevTalk::Stack qw(children kafka_broker nginx_master node_url pg);

has workers => 0;           # all of them, those that leave too
has memory  => 0;           # KB that belong to masters and workers alone
has master  => 0;           # KB, of the masters
has [qw(descriptors postgres redis kafka)] => 0;
has clients => 0;           # connections of theirs


sub take ($class, @nodes) {
    my $self = $class->new;
    @nodes = (1, 2) unless @nodes;

    my @masters = map { nginx_master($_) } @nodes;
    my @workers = map { children($_) } @masters;

    $self->workers(scalar @workers);
    $self->master(_sum(\&_memory, @masters));
    $self->memory($self->master + _sum(\&_memory, @workers));
    $self->descriptors(_sum(\&_descriptors, @masters, @workers));

    my %inode = map { $_ => 1 } map { _inodes($_) } @workers;
    my ($redis) = $ENV{DEVTALK_REDIS} =~ /:(\d+)$/;
    my ($kafka) = kafka_broker() =~ /:(\d+)$/;
    $self->redis(_connections(2 => $redis, \%inode))->kafka(_connections(2 => $kafka, \%inode));
    $self->clients(_sum(sub ($node) {
        return _connections(1 => node_url($node) =~ /:(\d+)$/, \%inode);
    }, @nodes));
    $self->postgres((pg()->selectrow_array(
        q{select count(*) from pg_stat_activity where usename like 'devtalk\_%'}))[0]);

    return $self;
}

# Of some moments the one with the least memory: a password that is being
# hashed takes 19 MiB.

sub least ($class, $moments = 20, @nodes) {
    my $least = $class->take(@nodes);
    for (2 .. $moments) {
        sleep 0.1;
        my $next = $class->take(@nodes);
        $least = $next if $next->memory < $least->memory;
    }
    return $least;
}


sub _sum ($what, @pids) {
    my $sum = 0;
    $sum += $what->($_) for @pids;
    return $sum;
}


# Not what is shared: the cache's zone fills itself.

sub _memory ($pid) {

    # A sanitizer keeps what was freed: there is nothing to compare.
    return 0 if ($ENV{DEVTALK_SANITIZE} // '') eq 'on';

    my $text = eval { path("/proc/$pid/smaps_rollup")->slurp } // '';
    return $text =~ /^Pss_Anon:\s+(\d+)/m ? $1 : 0;
}

sub _descriptors ($pid) { return scalar(my @all = glob "/proc/$pid/fd/*") }

sub _inodes ($pid) {
    return map { (readlink($_) // '') =~ /^socket:\[(\d+)\]/ ? $1 : () } glob "/proc/$pid/fd/*";
}

# Established: by the port here (1) or there (2).

sub _connections ($end, $port, $inode) {
    my $hex = sprintf '%04X', $port;
    my $count = 0;
    for my $line (path('/proc/net/tcp')->slurp =~ /^\s*\d+: (.*)$/mg) {
        my ($address, $state, $number) = (split ' ', $line)[$end - 1, 2, 8];
        $count++ if $state eq '01' && $address =~ /:$hex$/ && $inode->{$number};
    }
    return $count;
}


# How much more of it one may have, for "cmp_ok".  AddressSanitizer keeps what
# was freed, up to 256 MB a process, and finds leaks in another way.

sub room ($class, $room) { return $ENV{DEVTALK_NGINX} ? 100 : $room }


# Of workers, descriptors and connections: what is not as it was, in words.

sub differs ($self, $before) {
    return map { sprintf '%s: %d, not %d', $_, $self->$_, $before->$_ }
        grep { $self->$_ != $before->$_ } qw(workers descriptors postgres redis kafka);
}


1;
