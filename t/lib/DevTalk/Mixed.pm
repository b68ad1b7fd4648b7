package DevTalk::Mixed;

# The mixed load: readers, signed-in readers, writers and a few who log in, on
# both nodes, at a rate of their own, whatever becomes of the servers.  Each
# process is a DevTalk::Mixed::Crowd that writes down what it was told; the
# DevTalk::Mixed::Books are kept from that, and closed by verify().
#
#     my $mixed = DevTalk::Mixed->start(rate => 320);
#     ...                                       # something breaks
#     my @outcomes = $mixed->take;              # since the last take()
#     $mixed->stop;
#     $mixed->verify('reload');                 # assertions, figures
#
# An outcome: {at, took, kind, node, status, why, object, value, note}.  "at"
# is when it was sent; "why", when something is wrong: what DevTalk::Wire says
# of no answer, "status" for one that is neither right nor 503, "stale" for a
# read that does not know what was acknowledged before it was sent.

use Mojo::Base -base, -signatures;

use File::Temp ();
use POSIX ();
use Test::More ();
use Time::HiRes qw(time);

use DevTalk::Events;
use DevTalk::Figures;
use DevTalk::Mixed::Books;
use DevTalk::Mixed::Crowd;
use DevTalk::Stack qw(node_url wait_until);
use DevTalk::Test ();

has rate     => 360;        # requests a second
has clients  => 3;          # processes
has users    => 3;          # for each process
has articles => 8;          # ditto
has patience => 10;         # seconds until a request is given up
has weights  => sub { {} }; # DevTalk::Mixed::Crowd has the others
has probes   => sub { {} }; # besides, by a process of its own: paths by kind,
                            # or whole URLs, which are nodes 3, 4, ...
has probing  => 50;         # of each of them a second
has events   => 1;          # read them, too

has mark  => sub { DevTalk::Test::unique('mix') };
has books => sub ($self) { DevTalk::Mixed::Books->new(mark => $self->mark) };
has tally => sub { {} };    # numbers by kind and status, of all times

has _followed => undef;     # DevTalk::Events
has _crowds   => sub { [] };


sub start ($class, %option) {
    my $self = $class->new(%option);

    $self->_followed(DevTalk::Events->start) if $self->events;
    my @scenes = map { $self->_scene($_) } 1 .. $self->clients;
    my @slugs  = map { $_->{slug} } map { @{$_->{articles}} } @scenes;

    for my $scene (@scenes) {
        $self->_spawn(DevTalk::Mixed::Crowd->new(%$scene, mark => $self->mark,
            rate => $self->rate / $self->clients, slugs => \@slugs,
            patience => $self->patience, weights => $self->weights));
    }

    my $probes = $self->probes;
    $self->_spawn(DevTalk::Mixed::Crowd->new(number => 0, paths => $probes,
        rate => $self->probing * keys %$probes, patience => $self->patience))
        if %$probes;

    $self->{begun} = time;
    return $self;
}


# Who is in a crowd, and what they have written so far.

sub _scene ($self, $number) {
    my @users = map { DevTalk::Test::signed_in("$_") } ("mixed$number") x $self->users;
    my @articles;

    for my $n (1 .. $self->articles) {
        my $author = $users[$n % @users];
        my $key    = "$number.$n";
        my $made   = $author->publish(title => $self->mark . " a$key.",
            description => $self->mark . " a$key. v0", tagList => ['mixed', "mixed$number"]);
        push @articles, {key => "a$key", slug => $made->{slug}, author => $author->username, acked => 0};
        $self->books->article("a$key", $made->{slug});
    }

    $users[$_]->follow($users[$_ - 1]) for 0 .. $#users;

    return {number => $number, articles => \@articles, published => $self->articles,
        users => [map { {name => $_->username, email => $_->user->{email},
            token => $_->token, password => $_->user->{password}} } @users]};
}


sub _spawn ($self, $crowd) {
    my $file = File::Temp->new;

    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        eval { $crowd->run($file); 1 } or print STDERR "# a crowd: $@";
        POSIX::_exit($@ ? 1 : 0);
    }

    push @{$self->_crowds}, {pid => $pid, file => $file, at => 0};
}


# All that has ended since it was last asked, in the order of the ends.

sub take ($self) {
    my @outcomes = sort { $a->{at} + $a->{took} <=> $b->{at} + $b->{took} }
        map { $self->_read($_) } @{$self->_crowds};

    for my $outcome (@outcomes) {
        $self->books->enter($outcome);
        $self->tally->{$outcome->{kind}}{$outcome->{why} // $outcome->{status}}++;
    }

    return @outcomes;
}

my @FIELDS = qw(at took kind node status why object value note);

sub _read ($self, $crowd) {
    my @outcomes;

    open my $file, '<:raw', $crowd->{file}->filename or die $!;
    seek $file, $crowd->{at}, 0;

    while (defined(my $line = <$file>)) {
        last unless $line =~ /\n$/;
        $crowd->{at} += length $line;
        chomp $line;
        my %outcome;
        @outcome{@FIELDS} = map { length ? $_ : undef } split /\t/, $line, -1;
        push @outcomes, \%outcome;
    }

    return @outcomes;
}


# Goes on for so long, and takes.

sub going ($self, $seconds) {
    Time::HiRes::sleep($seconds);
    return $self->take;
}


# Goes on until nothing has gone wrong for two seconds, and no longer than so
# many seconds; takes.

sub recovering ($self, $seconds) {
    my $end  = time + $seconds;
    my $calm = time + 2;
    my @outcomes;

    while (time < $end && time < $calm) {
        my @more = $self->going(0.2);
        push @outcomes, @more;
        $calm = time + 2 if grep { $_->{why} || $_->{status} !~ /^2/ } @more;
    }

    return @outcomes;
}


# The last outcomes.  Requests under way are waited for.

sub stop ($self) {
    my @running = grep { $_->{pid} } @{$self->_crowds};
    kill TERM => map { $_->{pid} } @running;

    for my $crowd (@running) {
        waitpid delete $crowd->{pid}, 0;
        Test::More::is($?, 0, 'a crowd went in order') if $?;
    }

    $self->{ended} //= time;
    return $self->take;
}


# Requests a second since the beginning, of all that have been taken.

sub reached ($self) {
    my $count = 0;
    for my $kind (grep { !$self->probes->{$_} } keys %{$self->tally}) {
        $count += $_ for values %{$self->tally->{$kind}};
    }
    return $count / (($self->{ended} // time) - $self->{begun});
}

# "read 200 x 5012, read 503 x 3, ..."

sub told ($self) {
    my $tally = $self->tally;
    return join ', ', map {
        my $kind = $_;
        map {"$kind $_ x $tally->{$kind}{$_}"} sort keys %{$tally->{$kind}}
    } sort keys %$tally;
}


# After stop(), when all servers are back: what was acknowledged is there, as
# it was acknowledged, once, with its event and its effects.

sub verify ($self, $name) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $self->stop;
    Test::More::note($self->told);

    my $books = $self->books;
    $books->settle($self->_followed);

    my $reached = figure("$name: requests/s", $self->reached, '>= 300');
    Test::More::cmp_ok($reached, '>=', 300, 'at least 300 requests a second')
        if $self->rate >= 300;

    figure("$name: acknowledged writes", $books->acknowledged);
    for my $wrong (qw(lost half twice)) {
        my $list = $books->$wrong;
        my $what = {lost => 'acknowledged writes lost', half => 'half-writes',
            twice => 'writes done twice'}->{$wrong};
        figure("$name: $what", scalar @$list, '0');
        Test::More::is_deeply([@$list > 20 ? @$list[0 .. 19] : @$list], [],
            "no $what");
    }
}


sub DESTROY ($self) {
    local $?;
    my @running = grep {defined} map { $_->{pid} } @{$self->_crowds};
    kill KILL => @running;
    waitpid $_, 0 for @running;
}


1;
