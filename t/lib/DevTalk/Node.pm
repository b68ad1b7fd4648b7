package DevTalk::Node;

# A node that runs otherwise than the driver would run it: with another
# configuration, with a library before all others (DevTalk::Shim).
#
#     my $node = DevTalk::Node->run(1, workers => 1,
#         edit => sub ($conf) { $conf =~ s/lifetime=60s/lifetime=1s/r });
#     $node->restore;          # also when the test dies

use Mojo::Base -base, -signatures;

use Mojo::File qw(path);
use Test::More ();

use DevTalk::Stack qw(home nginx_master node_url server wait_until);

has number  => 1;
has workers => undef;           # as the driver has it
has shim    => undef;           # a DevTalk::Shim
has edit    => undef;           # text of nginx.conf in, another out
has owner   => sub {$$};

sub dir ($self) { return home() . '/nginx-' . $self->number }


sub run ($class, $number, %option) {
    my $self = $class->new(number => $number, %option);
    $self->owner;

    # As the driver has rendered it.
    my $conf = path($self->dir, 'nginx.conf')->slurp;
    server('stop', 'nginx-' . $number);

    $self->_write($conf);
    return $self->start;
}


sub _write ($self, $conf) {
    if (my $workers = $self->workers) {
        $conf =~ s/^(worker_processes\s+)\S+;/$1$workers;/m
            or die 'no worker_processes';
    }
    if (my $edit = $self->edit) {
        my $edited = $edit->($conf);
        die 'the configuration is as it was' if $edited eq $conf;
        $conf = $edited;
    }
    path($self->dir, 'nginx.conf')->spurt($conf);
}


sub start ($self) {
    my @environment = $self->shim ? $self->shim->environment : ();
    my $binary      = $ENV{DEVTALK_NGINX} // 'nginx';
    my $log         = $self->dir . '/start.log';

    system('sh', '-c', 'exec "$@" >> "$0" 2>&1 < /dev/null', $log,
        'env', @environment, $binary, '-p', $self->dir . '/',
        '-c', $self->dir . '/nginx.conf') == 0
        or Test::More::BAIL_OUT('nginx does not start: ' . path($log)->slurp);

    require DevTalk::Test;
    wait_until(sub { DevTalk::Test::whole($self->number) }, 15)
        or Test::More::BAIL_OUT('node ' . $self->number . ' is not ready');
    return $self;
}


sub stop ($self) { server('stop', 'nginx-' . $self->number); return $self }


# As the driver has it.

sub restore ($self) {
    return if $self->{restored}++;
    $self->stop;
    server('start', 'nginx-' . $self->number);
}

sub DESTROY ($self) {
    return if $$ != $self->owner;
    local ($?, $@);
    eval { $self->restore; 1 } or warn "node @{[$self->number]}: $@";
}


1;
