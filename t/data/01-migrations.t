# Every migration can be made, checked, taken back and made again, and leaves
# each role with its own schema and nothing else.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Scratch;
use Test::More;

my $db = Scratch->new;
my @services = qw(auth articles comments);

sub relations {
    return $db->psql(sql => q{
        SELECT n.nspname, c.relkind, c.relname
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('auth', 'articles', 'comments')
         ORDER BY 1, 2, 3});
}

sub leftovers {
    return $db->psql(sql => q{
        SELECT n.nspname, p.proname
          FROM pg_proc p
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname IN ('auth', 'articles', 'comments')
         UNION ALL
        SELECT n.nspname, t.typname
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
         WHERE n.nspname IN ('auth', 'articles', 'comments')});
}

for my $service (@services) {
    like $db->sqitch($service, 'deploy'), qr/\+ events/, "$service: deploy";
    like $db->sqitch($service, 'verify'), qr/Verify successful/,
        "$service: verify";
    like $db->sqitch($service, 'deploy'), qr/Nothing to deploy/,
        "$service: a second deploy has nothing to do";
}

my $before = relations();

$db->psql(file => "$Scratch::root/migrations/bootstrap.sql");
is relations(), $before, 'bootstrap.sql can be run again';

is $db->psql(sql => q{
    SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner)
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('auth', 'articles', 'comments')
       AND pg_get_userbyid(c.relowner) <> 'devtalk_' || n.nspname}),
    '', q{all is owned by its service's role};

is $db->psql(sql => q{
    SELECT r.rolname, n.nspname || '.' || c.relname, p.privilege
      FROM pg_roles r, pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace,
           unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
                        'REFERENCES', 'TRIGGER']) AS p (privilege)
     WHERE r.rolname IN ('devtalk_auth', 'devtalk_articles',
                         'devtalk_comments')
       AND c.relkind IN ('r', 'v')
       AND n.nspname !~ '^(pg_|information_schema)'
       AND 'devtalk_' || n.nspname <> r.rolname
       AND has_table_privilege(r.oid, c.oid, p.privilege)
     ORDER BY 1, 2, 3}), <<'END', 'a role reads what others publish, no more';
devtalk_articles|auth.public_users|SELECT
devtalk_comments|articles.public_articles|SELECT
devtalk_comments|articles.public_follows|SELECT
devtalk_comments|auth.public_users|SELECT
END

is $db->psql(sql => q{
    SELECT r.rolname, p.oid::regprocedure
      FROM pg_roles r, pg_proc p
      JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE r.rolname IN ('devtalk_auth', 'devtalk_articles',
                         'devtalk_comments')
       AND n.nspname IN ('auth', 'articles', 'comments')
       AND 'devtalk_' || n.nspname <> r.rolname
       AND has_schema_privilege(r.oid, n.oid, 'USAGE')
       AND has_function_privilege(r.oid, p.oid, 'EXECUTE')}),
    '', q{nobody calls another's functions};

is $db->psql(sql => q{
    SELECT r.rolname, n.nspname
      FROM pg_roles r, pg_namespace n
     WHERE r.rolname IN ('devtalk_auth', 'devtalk_articles',
                         'devtalk_comments')
       AND 'devtalk_' || n.nspname <> r.rolname
       AND has_schema_privilege(r.oid, n.oid, 'CREATE')}),
    '', 'or makes anything elsewhere';

for my $service (reverse @services) {
    like $db->sqitch($service, 'revert', '-y'), qr/- events/,
        "$service: revert";
}

is relations(), '', 'no relation is left';
is leftovers(), '', 'nor a function or type';

for my $service (@services) {
    like $db->sqitch($service, 'deploy'), qr/\+ events/,
        "$service: deploy again";
}

is relations(), $before, 'all is as it was';

done_testing;
