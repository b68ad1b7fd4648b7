package DevTalk::Shim;

# A library of t/fault/lib in a node, and the words (64 bits each) by which the
# test and the library speak: see t/fault/lib/control.h.

use Mojo::Base -base, -signatures;

use Mojo::File qw(path);

use DevTalk::Stack qw(home root);

use constant WORDS => 512;

has name   => undef;
has libs   => sub { [] };           # what the library is linked with
has flags  => sub { [] };           # what else the compiler is told
has leaks  => sub { [] };           # libraries that may leak with it
has folder => sub { home() . '/shim' };


# Builds it; warnings are errors.

sub build ($class, $name, %option) {
    my $self = $class->new(name => $name, %option);
    path($self->folder)->make_path;
    chmod 0755, $self->folder;

    # With -O2 what it does not touch goes on by a jump: a leak checker has to
    # see who asked for memory.
    my @command = ($ENV{CC} // 'cc', qw(-O2 -g -fPIC -shared -W -Wall -Wextra),
        qw(-Werror -fno-builtin -fno-omit-frame-pointer), @{$self->flags}, '-o', $self->library,
        root() . "/t/fault/lib/$name.c", qw(-ldl -lpthread), @{$self->libs});
    system(@command) == 0 or die "cannot build $name";

    # Before workers take another user, they have mapped it.
    path($self->file)->spurt(pack 'q<*', (0) x WORDS);
    return $self;
}

sub library ($self) { return $self->folder . '/' . $self->name . '.so' }
sub file    ($self) { return $self->folder . '/' . $self->name . '.words' }


# For the node: a sanitizer's runtime would insist on being the first.

sub environment ($self) {
    my ($asan, $lsan) = @ENV{qw(ASAN_OPTIONS LSAN_OPTIONS)};
    return ('LD_PRELOAD=' . $self->library, 'DEVTALK_SHIM=' . $self->file,
        defined $asan ? "ASAN_OPTIONS=$asan:verify_asan_link_order=0" : (),
        defined $lsan ? 'LSAN_OPTIONS=' . $self->_suppress($lsan) : ());
}

sub _suppress ($self, $options) {
    my $file = path($self->folder, $self->name . '.supp');
    my ($usual) = $options =~ /\bsuppressions=([^:]+)/;
    $file->spurt(path($usual)->slurp, map {"leak:$_\n"} @{$self->leaks});
    return $options =~ s/(?<=\bsuppressions=)[^:]+/$file/r;
}


sub _open ($self) {
    return $self->{handle} //= do {
        open my $file, '+<:raw:unix', $self->file or die $self->file . ": $!";
        $file;
    };
}

# "words($first, $count)" reads, "set($first, @values)" writes.

sub words ($self, $first, $count = 1) {
    sysseek $self->_open, 8 * $first, 0;
    sysread $self->_open, my $bytes, 8 * $count;
    my @words = unpack 'q<*', $bytes;
    return wantarray ? @words : $words[0];
}

sub set ($self, $first, @values) {
    sysseek $self->_open, 8 * $first, 0;
    syswrite $self->_open, pack('q<*', @values);
    return $self;
}


# Addresses in a process as text, for who has to find out: "file:line".

sub where ($self, $pid, @addresses) {
    no warnings 'portable';
    my @maps = map {
        /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \S+\s+(\/.*)$/
            ? [hex $1, hex $2, hex $3, $4] : ()
    } split /\n/, path("/proc/$pid/maps")->slurp;
    my %base;
    $base{$_->[3]} //= $_->[0] - $_->[2] for @maps;

    return map {
        my $address = $_;
        my ($map) = grep { $address >= $_->[0] && $address < $_->[1] } @maps;
        $map ? _line($map->[3], $address - $base{$map->[3]}) : sprintf '%x', $address;
    } @addresses;
}

sub _line ($file, $offset) {
    open my $pipe, '-|', 'addr2line', '-fse', $file, sprintf '%x', $offset - 1
        or return $file;
    chomp(my ($function, $line) = <$pipe>);
    close $pipe;
    return join ' ', path($file)->basename, $function // '?', $line // '?';
}


1;
