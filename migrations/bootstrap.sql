-- Roles and schemas of the services: what the migrations stand on.
--
-- Run by a superuser with psql in the database of the services, before the
-- first migration; running it again changes nothing but the passwords, and
-- those only of the roles whose variable is given:
--
--     psql -X -1 -v ON_ERROR_STOP=1 -v auth_password=... \
--         -v articles_password=... -v comments_password=... \
--         -f migrations/bootstrap.sql devtalk
--
-- Then "sqitch deploy" in migrations/auth, migrations/articles and
-- migrations/comments, in this order, by a superuser too: each script does
-- SET LOCAL ROLE to its service's role, which so owns what it makes.  The
-- registries (sqitch_auth, ...) stay with the superuser: a service can read
-- and write its data, not the history of its schema.
--
-- A role owns its schema and has no rights elsewhere, but to look into the
-- schemas whose published views it reads; the views themselves are granted
-- by the migrations of their owner.

\set ON_ERROR_STOP on

SET client_min_messages = warning;
SET log_statement = none;               -- the passwords are no log's business

SELECT format('CREATE ROLE %I LOGIN', wanted.name)
  FROM (VALUES ('devtalk_auth'), ('devtalk_articles'), ('devtalk_comments'))
       AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name)
\gexec

ALTER ROLE devtalk_auth LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
    NOREPLICATION NOBYPASSRLS;
ALTER ROLE devtalk_articles LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
    NOREPLICATION NOBYPASSRLS;
ALTER ROLE devtalk_comments LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
    NOREPLICATION NOBYPASSRLS;

\if :{?auth_password}
    ALTER ROLE devtalk_auth PASSWORD :'auth_password';
\endif
\if :{?articles_password}
    ALTER ROLE devtalk_articles PASSWORD :'articles_password';
\endif
\if :{?comments_password}
    ALTER ROLE devtalk_comments PASSWORD :'comments_password';
\endif

REVOKE ALL ON SCHEMA public FROM PUBLIC;

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO devtalk_auth, '
              'devtalk_articles, devtalk_comments', current_database())
\gexec

CREATE SCHEMA IF NOT EXISTS auth AUTHORIZATION devtalk_auth;
CREATE SCHEMA IF NOT EXISTS articles AUTHORIZATION devtalk_articles;
CREATE SCHEMA IF NOT EXISTS comments AUTHORIZATION devtalk_comments;

GRANT USAGE ON SCHEMA auth TO devtalk_articles, devtalk_comments;
GRANT USAGE ON SCHEMA articles TO devtalk_comments;

-- What every statement of a service is written for.  Its plan is made once
-- and kept; a page's limit is a parameter, so the planner takes it for a tenth
-- of the table, and would compile such a plan: 20 ms for a list that takes 0.3.
SELECT format('ALTER ROLE %I IN DATABASE %I SET %s = %s',
              'devtalk_' || service.name, current_database(),
              setting.name, coalesce(setting.value, service.name))
  FROM (VALUES ('auth'), ('articles'), ('comments')) AS service (name),
       (VALUES ('search_path', NULL),
               ('plan_cache_mode', 'force_generic_plan'),
               ('jit', 'off')) AS setting (name, value)
\gexec

-- To look into a schema must not mean to call its functions.
ALTER DEFAULT PRIVILEGES
    FOR ROLE devtalk_auth, devtalk_articles, devtalk_comments
    REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES
    FOR ROLE devtalk_auth, devtalk_articles, devtalk_comments
    REVOKE USAGE ON TYPES FROM PUBLIC;
