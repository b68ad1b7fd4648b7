package DevTalk::Hold;

# Holds statements behind their snapshots, as DevTalk::Gate does, but only those
# that fill the cache with one article, by its author, and each until it is let
# go by itself.
#
#     my $hold = DevTalk::Hold->build;
#     my $number = $hold->close($author_id);     # the next statements wait
#     ...                                        # one does: waits($number)
#     $hold->open($author_id);                   # later ones pass by
#     $hold->release($number);

use Mojo::Base 'DevTalk::Authors', -signatures;

has folder => 'test_hold';
has last   => sub { 1_000_000 + int rand 1_000_000_000 };


sub build ($class, %option) {
    my $self = $class->new(%option);
    my $pg   = $self->found->session;

    $pg->do('create table test_hold.closed (author bigint primary key, number bigint not null)');

    # Volatile: it sees what is so now, and not only what its caller sees.
    $pg->do(<<~'SQL');
        create function test_hold.pass(whom bigint) returns boolean
            language plpgsql volatile security definer
            set search_path to pg_catalog as $$
        declare
            here bigint;
        begin
            if position('article_slugs s' in current_query()) = 0
               or position('AS stamp' in current_query()) = 0
            then
                return true;
            end if;

            select number into here from test_hold.closed where author = whom;
            if here is not null then
                perform pg_advisory_lock_shared(here);
                perform pg_advisory_unlock_shared(here);
            end if;
            return true;
        end $$
        SQL
    $self->only('test_hold.pass(author.id)');

    my %statement = (
        lock   => 'select pg_advisory_lock($1)',
        unlock => 'select pg_advisory_unlock($1)',
        close  => 'insert into test_hold.closed values ($1, $2) on conflict (author) do update set number = $2',
        open   => 'delete from test_hold.closed where author = $1',
        waits  => q{select 1 from pg_locks where locktype = 'advisory' and not granted
                       and (classid::bigint << 32) + objid::bigint = $1},
    );
    $self->{$_} = $pg->prepare($statement{$_}, {pg_placeholder_dollaronly => 1}) for keys %statement;
    return $self;
}


sub close ($self, $author) {
    my $number = $self->last($self->last + 1)->last;
    $self->{lock}->execute($number);
    $self->{lock}->finish;
    $self->{close}->execute($author, $number);
    return $number;
}

sub open ($self, $author) { $self->{open}->execute($author); return $self }

sub waits ($self, $number) {
    $self->{waits}->execute($number);
    my ($found) = $self->{waits}->fetchrow_array;
    $self->{waits}->finish;
    return $found;
}

sub release ($self, $number) {
    $self->{unlock}->execute($number);
    $self->{unlock}->finish;
    return $self;
}


1;
