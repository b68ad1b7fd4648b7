package DevTalk::Authors;

# A service's view "authors", which every reply with an author reads, with a
# condition of a test's on each row: DevTalk::Gate and DevTalk::Hold stop
# statements there, behind their snapshots.
#
# Who derives says "folder", a schema of its own for what the condition needs.

use Mojo::Base -base, -signatures;

use DevTalk::Stack qw(pg);

has schema  => 'articles';
has session => sub { pg() };        # holds the locks
has folder  => sub { die 'folder' };

has _definition => undef;


# The view as it was, without the condition; the folder is there, and empty.

sub found ($self) {
    my ($pg, $schema, $folder) = ($self->session, $self->schema, $self->folder);

    $pg->do('set client_min_messages to warning');
    my ($definition) = $pg->selectrow_array(
        'select pg_get_viewdef(?::regclass)', undef, "$schema.authors");
    $definition =~ s/;\s*$//;
    die "a $folder is there already" if $definition =~ /$folder/;
    $self->_definition($definition);

    $pg->do("drop schema if exists $folder cascade");
    $pg->do("create schema $folder");
    $pg->do("grant usage on schema $folder to public");
    return $self;
}

# From now on only rows that pass; "author" in the condition is the row.

sub only ($self, $condition) {
    $self->session->do("create or replace view @{[$self->schema]}.authors as
        select * from (@{[$self->_definition]}) as author where $condition");
    return $self;
}

sub remove ($self) {
    my $definition = $self->_definition or return;
    my ($pg, $schema) = ($self->session, $self->schema);

    $self->_definition(undef);
    $pg->do('select pg_advisory_unlock_all()');
    $pg->do("create or replace view $schema.authors as $definition");
    $pg->do("drop schema @{[$self->folder]} cascade");
}

sub DESTROY ($self) {
    local $@;
    eval { $self->remove };
    warn "the @{[$self->folder]} stays: $@" if $@;
}


1;
