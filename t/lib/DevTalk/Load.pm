package DevTalk::Load;

# Clients that go on while something happens to a server.  Each is a process
# of its own and calls "work" again and again; what "work" returns (a hash) is
# written down and read when the load ends.

use Mojo::Base -base, -signatures;

use File::Temp ();
use Mojo::JSON qw(decode_json encode_json);
use POSIX ();
use Time::HiRes qw(sleep time);

has clients => 4;
has work    => undef;
has pause   => 0;          # seconds between two calls


sub start ($class, %option) {
    my $self = $class->new(%option);
    $self->{begun} = time;

    for my $n (1 .. $self->clients) {
        my $file = File::Temp->new;
        my $stop = 0;

        defined(my $pid = fork) or die "fork: $!";
        if ($pid) {
            push @{$self->{running}}, {pid => $pid, file => $file};
            next;
        }

        $file->autoflush(1);
        srand $$;
        local $SIG{TERM} = sub { $stop = 1 };
        my $round = 0;

        until ($stop) {
            my $outcome = eval { $self->work->($n, $round++) }
                // {died => "$@"};
            $outcome->{at} = time;
            print $file encode_json($outcome), "\n";
            sleep $self->pause if $self->pause;
        }

        $file->flush;
        POSIX::_exit(0);
    }

    return $self;
}


# How many outcomes there are so far.

sub count ($self) {
    my $count = 0;
    for my $running (@{$self->{running}}) {
        open my $file, '<', $running->{file}->filename or die $!;
        $count++ while <$file>;
    }
    return $count;
}


# All outcomes; the clients are gone then.

sub stop ($self) {
    my @outcomes;

    kill TERM => map { $_->{pid} } @{$self->{running}};
    for my $running (@{$self->{running}}) {
        waitpid $running->{pid}, 0;
        open my $file, '<', $running->{file}->filename or die $!;
        push @outcomes, map { decode_json $_ } <$file>;
    }
    $self->{running} = [];

    return sort { $a->{at} <=> $b->{at} } @outcomes;
}

# One call in a process of its own: the code waits for it by calling what comes
# back, which returns true if "work" did.

sub aside ($class, $work) {
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        my $good = eval { $work->() };
        print STDERR "# aside: $@" if $@;
        POSIX::_exit($good ? 0 : 1);
    }

    my $code;
    return sub {
        $code //= do { waitpid $pid, 0; $? };
        return $code == 0;
    };
}


sub DESTROY ($self) {
    local $?;
    $self->stop if @{$self->{running} // []};
}


1;
