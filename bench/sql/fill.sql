-- Articles FIRST to LAST and what hangs on them, and the people once.  All of
-- it follows from the numbers, so that the bench knows what every answer has
-- to be (see data.py):
--
--     user u        follows the next 100 (after the last comes the first)
--     article n     is by user 1 + (n - 1) % users, is liked by those whose
--                   number u makes (n + u) % 499 = 0
--
-- Run by a superuser with psql: -v users= -v first= -v last= -v comments=
--
-- Slugs are numbers because pgbench computes its parameters.  Titles and the
-- like have lengths as in migrations/seed.sql.

\set ON_ERROR_STOP on

SET client_min_messages = warning;
SET statement_timeout = 0;
SET synchronous_commit = off;

CREATE FUNCTION pg_temp.pick(what bigint, salt bigint, n bigint)
    RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN (hashint8extended(what, salt) & 9223372036854775807) % n;

CREATE TEMP TABLE sentence AS
SELECT row_number() OVER () - 1 AS i, text
  FROM unnest(ARRAY[
    'The first version was slow, and nobody could say why.',
    'Measure before you change anything, and write the figure down.',
    'A queue without a bound is an outage that waits for its day.',
    'Most of the time went into copying bytes that nobody read.',
    'The fix was four lines; finding them took a week.',
    'Every pending operation needs exactly one owner.',
    'We removed the cache, and the page became faster.',
    'An index that serves the order of a list is worth ten that filter.',
    'Errors that are only logged are errors that come back.',
    'It works on one core, so we tried it on two.',
    'The database was never the bottleneck that we took it for.',
    'Names are the cheapest documentation there is.',
    'A retry is a second request: treat it as one.',
    'There is no exactly once, but there is once in effect.',
    'Timeouts should be a decision, not a default.',
    'Read the source; the documentation is a summary of it.']) AS t (text);

-- Argon2id of "devtalk-demo", m=19456 t=2 p=1: as the service makes them.
\set password_hash '$argon2id$v=19$m=19456,t=2,p=1$/9jG3BfVermf6KTRWxTJMw$1MLRCwDkXqq11W53VU27Q2Bb64W5l8QPGJl4p+ErQ1g'

INSERT INTO auth.users (id, username, email, bio)
OVERRIDING SYSTEM VALUE
SELECT u, 'reader' || u, 'reader' || u || '@example.com',
       'Writes about what was measured'
  FROM generate_series(1, :users) AS u
    ON CONFLICT DO NOTHING;

SELECT setval(pg_get_serial_sequence('auth.users', 'id'), :users) \g /dev/null

INSERT INTO auth.passwords (user_id, hash)
SELECT u, :'password_hash' FROM generate_series(1, :users) AS u
    ON CONFLICT DO NOTHING;

INSERT INTO articles.follows (follower_id, author_id)
SELECT u, 1 + (u + step - 1) % :users
  FROM generate_series(1, :users) AS u, generate_series(1, 100) AS step
    ON CONFLICT DO NOTHING;

INSERT INTO articles.articles (id, slug, author_id, title, description, body,
                               tags, favorites_count, comments_count,
                               created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT n, 1000000000000 + n, 1 + (n - 1) % :users,
       'What we learned about event loops, part ' || n,
       (SELECT text FROM sentence WHERE i = pg_temp.pick(n, 1, 16)),
       (SELECT left(string_agg(s.text, ' ' ORDER BY j), 2048)
          FROM generate_series(1, 50) AS j
          JOIN sentence s ON s.i = pg_temp.pick(n, 100 + j, 16)),
       ARRAY['devtalk', 'topic' || lpad((n % 50)::text, 2, '0')],
       (SELECT count(*) FROM generate_series(499 - n % 499, :users, 499)),
       :comments, moment, moment
  FROM generate_series(:first::bigint, :last) AS n,
       LATERAL (SELECT timestamptz '2020-01-01 00:00:00+00'
                       + n * interval '1 minute' AS moment) AS written;

INSERT INTO articles.article_slugs (slug, article_id)
SELECT 1000000000000 + n, n FROM generate_series(:first::bigint, :last) AS n;

SELECT setval(pg_get_serial_sequence('articles.articles', 'id'), :last)
\g /dev/null

INSERT INTO articles.favorites (user_id, article_id, article_created_at,
                                created_at)
SELECT u, n, moment, moment
  FROM generate_series(:first::bigint, :last) AS n,
       LATERAL (SELECT timestamptz '2020-01-01 00:00:00+00'
                       + n * interval '1 minute' AS moment) AS written,
       generate_series(499 - n % 499, :users, 499) AS u;

INSERT INTO comments.threads (article_id)
SELECT n FROM generate_series(:first::bigint, :last) AS n;

INSERT INTO comments.comments (article_id, author_id, body)
SELECT n, 1 + (n + j) % :users,
       (SELECT text FROM sentence WHERE i = pg_temp.pick(n, j, 16))
  FROM generate_series(:first::bigint, :last) AS n,
       generate_series(1, :comments) AS j;
