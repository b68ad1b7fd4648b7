package DevTalk::Gate;

# Holds a statement of a service in the middle of its work, behind its
# snapshot: the service's view "authors" waits for an advisory lock while the
# gate is closed.

use Mojo::Base 'DevTalk::Authors', -signatures;

use DevTalk::Stack qw(wait_until);

has folder => 'test_gate';
has number => sub { 1 + int rand 2**31 };


sub open_up ($class, %option) { return $class->new(%option)->_build }


# The first "hold" statements wait, the others pass by.

sub _build ($self) {
    my ($pg, $number) = ($self->found->session, $self->number);

    $pg->do('create sequence test_gate.entered minvalue 0 start 0');
    $pg->do('create table test_gate.setting (hold bigint not null)');
    $pg->do('insert into test_gate.setting values (0)');
    $pg->do(<<~"SQL");
        create function test_gate.pass() returns boolean
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
    return $self->only('test_gate.pass()');
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


1;
