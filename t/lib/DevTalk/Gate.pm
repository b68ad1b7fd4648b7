package DevTalk::Gate;

# Holds a statement of a service in the middle of its work, behind its
# snapshot: the service's view "authors", which every reply with an author
# reads, waits for an advisory lock while the gate is closed.

use Mojo::Base -base, -signatures;

use DevTalk::Stack qw(wait_until);

has schema  => 'articles';
has session => sub { DevTalk::Stack::pg() };       # holds the lock
has number  => sub { 1 + int rand 2**31 };

has _definition => undef;


sub open_up ($class, %option) { return $class->new(%option)->_build }


# The view as it was, and a condition that a row passes only through the gate.
# The first "hold" statements wait, the others pass by.

sub _build ($self) {
    my ($pg, $schema, $number) = ($self->session, $self->schema, $self->number);
    $pg->do('set client_min_messages to warning');
    my ($definition) = $pg->selectrow_array(
        'select pg_get_viewdef(?::regclass)', undef, "$schema.authors");

    $definition =~ s/;\s*$//;
    die 'a gate is there already' if $definition =~ /test_gate/;
    $self->_definition($definition);

    $pg->do('create schema if not exists test_gate');
    $pg->do('grant usage on schema test_gate to public');
    $pg->do('drop sequence if exists test_gate.entered');
    $pg->do('create sequence test_gate.entered minvalue 0 start 0');
    $pg->do('drop table if exists test_gate.setting');
    $pg->do('create table test_gate.setting (hold bigint not null)');
    $pg->do('insert into test_gate.setting values (0)');
    $pg->do(<<~"SQL");
        create or replace function test_gate.pass() returns boolean
            language plpgsql volatile security definer
            set search_path to pg_catalog as \$\$
        begin
            if nextval('test_gate.entered') < (select hold from test_gate.setting) then
                perform pg_advisory_lock_shared($number);
                perform pg_advisory_unlock_shared($number);
            end if;
            return true;
        end \$\$
        SQL
    $pg->do("create or replace view $schema.authors as
        select * from ($definition) as gated where test_gate.pass()");

    return $self;
}


# From now on the first "hold" rows wait; whoever comes after them does not.

sub close_for ($self, $hold = 1) {
    $self->session->do('select pg_advisory_lock(?)', undef, $self->number);
    $self->session->do('update test_gate.setting set hold = ?', undef, $hold);
    $self->session->do("select setval('test_gate.entered', 0, false)");
    return $self;
}

# True once "count" statements wait.

sub holds ($self, $count = 1, $seconds = 5) {
    return wait_until(sub {
        ($self->session->selectrow_array(q{
            select count(*) from pg_stat_activity
             where wait_event_type = 'Lock' and wait_event = 'advisory'}))[0] >= $count;
    }, $seconds);
}

sub release ($self) {
    $self->session->do('select pg_advisory_unlock(?)', undef, $self->number);
    $self->session->do('update test_gate.setting set hold = 0');
    return $self;
}

# How often a row was read through it since it was closed.

sub entered ($self) {
    my ($last, $called) = $self->session->selectrow_array(
        'select last_value, is_called from test_gate.entered');
    return $called ? $last + 1 : 0;
}

sub remove ($self) {
    my $definition = $self->_definition or return;
    my ($pg, $schema) = ($self->session, $self->schema);

    $self->_definition(undef);
    $pg->do('select pg_advisory_unlock_all()');
    $pg->do("create or replace view $schema.authors as $definition");
    $pg->do('drop schema test_gate cascade');
}

sub DESTROY ($self) {
    local $@;
    eval { $self->remove };
    warn "the gate stays: $@" if $@;
}


1;
