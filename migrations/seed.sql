-- Demo data: users, articles with tags, favorites, comments, and who follows
-- whom.  Run by a superuser with psql, after all migrations:
--
--     psql -X -v ON_ERROR_STOP=1 -v articles=1000 \
--         -f migrations/seed.sql devtalk
--
-- articles   how many there shall be; 1000 by default, 1000000 is fine
--
-- Everything follows from its number, so a second run adds only what is
-- missing, and a greater number adds the rest.  It goes in batches, each its
-- own transaction: caches trust no snapshot while an old transaction lives.
-- It writes no events, but all counts are right.
--
-- Every demo user logs in with <username>@example.com and the password
-- "devtalk-demo"; "demo" is one of them, unless it has registered before.

\set ON_ERROR_STOP on
\if :{?articles}
\else
    \set articles 1000
\endif

\pset tuples_only on
\pset format unaligned

SET client_min_messages = warning;
SET statement_timeout = 0;

SELECT least(10000, greatest(24, :articles / 20)) AS users \gset


-- 1. Functions and tables of this session.

-- A number below "n" that looks random and is the same each time.
CREATE FUNCTION pg_temp.pick(what bigint, salt bigint, n bigint)
    RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN (hashint8extended(what, salt) & 9223372036854775807) % n;

-- The same, small numbers more often: "n" times the square of a fraction.
CREATE FUNCTION pg_temp.pick_low(what bigint, salt bigint, n bigint)
    RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN floor(n * ((hashint8extended(what, salt) & 1048575)
                      / 1048576.0::float8) ^ 2)::bigint;

CREATE FUNCTION pg_temp.username(i bigint) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN i = 0 THEN 'demo'
                ELSE (ARRAY['anna', 'boris', 'clara', 'dmitri', 'elena',
                            'farid', 'greta', 'hugo', 'irina', 'jonas',
                            'kamila', 'lev', 'maria', 'nikolai', 'olga',
                            'pavel', 'rosa', 'sergei', 'tanja', 'uwe',
                            'vera', 'wanda', 'yuri', 'zoya'])[1 + i % 24]
                     || CASE WHEN i > 24 THEN (i / 24)::text ELSE '' END
           END;

CREATE TEMP TABLE word (
    place  text,          -- in the title
    i      bigint,
    title  text,
    slug   text
);

INSERT INTO word
SELECT place, row_number() OVER (PARTITION BY place) - 1, title, slug
  FROM (VALUES
    ('opening', 'Notes on', 'notes-on'),
    ('opening', 'A practical guide to', 'a-practical-guide-to'),
    ('opening', 'What I learned about', 'what-i-learned-about'),
    ('opening', 'The quiet strength of', 'the-quiet-strength-of'),
    ('opening', 'Rethinking', 'rethinking'),
    ('opening', 'An honest look at', 'an-honest-look-at'),
    ('opening', 'Заметки про', 'zametki-pro'),
    ('opening', 'Как устроены', 'kak-ustroeny'),
    ('subject', 'event loops', 'event-loops'),
    ('subject', 'pipelined queries', 'pipelined-queries'),
    ('subject', 'Kafka consumers', 'kafka-consumers'),
    ('subject', 'shared memory', 'shared-memory'),
    ('subject', 'connection pools', 'connection-pools'),
    ('subject', 'cache invalidation', 'cache-invalidation'),
    ('subject', 'nginx modules', 'nginx-modules'),
    ('subject', 'transaction snapshots', 'transaction-snapshots'),
    ('subject', 'keyset paging', 'keyset-paging'),
    ('subject', 'password hashing', 'password-hashing'),
    ('subject', 'small functions', 'small-functions'),
    ('subject', 'boring deployments', 'boring-deployments'),
    ('subject', 'индексы PostgreSQL', 'indeksy-postgresql'),
    ('subject', 'очереди сообщений', 'ocheredi-soobscheniy'),
    ('subject', 'rate limits', 'rate-limits'),
    ('subject', 'structured logs', 'structured-logs'),
    ('ending', 'in practice', 'in-practice'),
    ('ending', 'under load', 'under-load'),
    ('ending', 'for the impatient', 'for-the-impatient'),
    ('ending', 'after ten years', 'after-ten-years'),
    ('ending', 'without a framework', 'without-a-framework'),
    ('ending', 'on two cores', 'on-two-cores'),
    ('ending', 'from first principles', 'from-first-principles'),
    ('ending', 'when servers are away', 'when-servers-are-away'))
    AS list (place, title, slug);

CREATE TEMP TABLE sentence (i bigint PRIMARY KEY, text text);

INSERT INTO sentence
SELECT row_number() OVER () - 1, text
  FROM (VALUES
    ('The first version was slow, and nobody could say why.'),
    ('Measure before you change anything, and write the figure down.'),
    ('A queue without a bound is an outage that waits for its day.'),
    ('Most of the time went into copying bytes that nobody read.'),
    ('The fix was four lines; finding them took a week.'),
    ('Every pending operation needs exactly one owner.'),
    ('We removed the cache, and the page became faster.'),
    ('An index that serves the order of a list is worth ten that filter.'),
    ('Errors that are only logged are errors that come back.'),
    ('It works on one core, so we tried it on two.'),
    ('The database was never the bottleneck that we took it for.'),
    ('Names are the cheapest documentation there is.'),
    ('Сначала измеряем, потом меняем.'),
    ('A retry is a second request: treat it as one.'),
    ('What differs by reader does not belong into a shared value.'),
    ('There is no exactly once, but there is once in effect.'),
    ('Timeouts should be a decision, not a default.'),
    ('If it cannot be reverted, it is not finished.'),
    ('The slowest statement decides how fast its neighbours are.'),
    ('Read the source; the documentation is a summary of it.'),
    ('A test that cannot fail proves nothing.'),
    ('Хорошая программа скучна в эксплуатации.'),
    ('Small functions make large programs possible.'),
    ('In the end, the simple design won.'))
    AS list (text);

CREATE TEMP TABLE tag AS
SELECT row_number() OVER () - 1 AS i, tag
  FROM unnest(ARRAY['programming', 'nginx', 'postgresql', 'performance', 'c',
                    'kafka', 'redis', 'linux', 'testing', 'architecture',
                    'databases', 'networking', 'security', 'devops',
                    'caching', 'sql', 'http', 'observability', 'career',
                    'algorithms', 'новости', 'разработка', 'events', 'unix',
                    'tooling', 'debugging', 'concurrency', 'memory',
                    'documentation', 'review', 'history', 'books']) AS t (tag);


-- 2. Users, and whom they follow: the first of them have the most readers,
--    "demo" follows a hundred.

-- Argon2id of "devtalk-demo", m=19456 t=2 p=1.
\set password_hash '$argon2id$v=19$m=19456,t=2,p=1$/9jG3BfVermf6KTRWxTJMw$1MLRCwDkXqq11W53VU27Q2Bb64W5l8QPGJl4p+ErQ1g'

WITH added AS (
    INSERT INTO auth.users (username, email, bio)
    SELECT name, name || '@example.com',
           'Writes about ' || (SELECT word.title
                                 FROM word
                                WHERE word.place = 'subject'
                                  AND word.i = pg_temp.pick(i, 10, 16))
      FROM generate_series(0, :users - 1) AS i,
           LATERAL (SELECT pg_temp.username(i) AS name) AS person
        ON CONFLICT DO NOTHING
    RETURNING id
)
INSERT INTO auth.passwords (user_id, hash)
SELECT id, :'password_hash' FROM added;

CREATE TEMP TABLE person AS
SELECT i, u.id
  FROM generate_series(0, :users - 1) AS i
  JOIN auth.users u ON lower(u.username) = pg_temp.username(i);

ALTER TABLE person ADD PRIMARY KEY (i);

INSERT INTO articles.follows (follower_id, author_id, created_at)
SELECT DISTINCT follower.id, author.id, now()
  FROM person follower,
       LATERAL (SELECT CASE WHEN follower.i = 0 THEN j
                            ELSE pg_temp.pick_low(follower.i, 100 + j, :users)
                       END AS i
                  FROM generate_series(1, CASE WHEN follower.i = 0 THEN 100
                                               ELSE 12
                                          END) AS j) AS pick
  JOIN person author ON author.i = pick.i
 WHERE author.id <> follower.id
    ON CONFLICT DO NOTHING;

ANALYZE word, sentence, tag, person;


-- 3. Articles, with all that hangs on them.

CREATE TEMP TABLE draft (
    n           bigint PRIMARY KEY,
    id          bigint,
    slug        text,
    created_at  timestamptz
);
CREATE TEMP TABLE liked (n bigint, user_id bigint, PRIMARY KEY (n, user_id));
CREATE TEMP TABLE said (n bigint, j integer, user_id bigint, PRIMARY KEY (n, j));

CREATE FUNCTION pg_temp.seed(first bigint, last bigint, users bigint)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    added  bigint;
BEGIN
    TRUNCATE draft, liked, said;

    INSERT INTO draft (n, slug, created_at)
    SELECT n, slug,
           now() - interval '1 second' * pg_temp.pick(n, 1, 365 * 86400)
      FROM (SELECT n, opening.slug || '-' || subject.slug || '-'
                      || ending.slug || '-' || n AS slug
              FROM generate_series(first, last) AS n
              JOIN word opening ON opening.place = 'opening'
                               AND opening.i = pg_temp.pick(n, 2, 8)
              JOIN word subject ON subject.place = 'subject'
                               AND subject.i = pg_temp.pick(n, 3, 16)
              JOIN word ending ON ending.place = 'ending'
                              AND ending.i = pg_temp.pick(n, 4, 8)) AS named
     WHERE NOT EXISTS (SELECT FROM articles.article_slugs s
                        WHERE s.slug = named.slug);

    GET DIAGNOSTICS added = ROW_COUNT;

    INSERT INTO liked (n, user_id)
    SELECT d.n, p.id
      FROM draft d
     CROSS JOIN generate_series(1, pg_temp.pick_low(d.n, 5, 9)) AS j
      JOIN person p ON p.i = pg_temp.pick_low(d.n, 200 + j, users)
        ON CONFLICT DO NOTHING;

    INSERT INTO said (n, j, user_id)
    SELECT d.n, j, p.id
      FROM draft d
     CROSS JOIN generate_series(1, pg_temp.pick_low(d.n, 6, 4)) AS j
      JOIN person p ON p.i = pg_temp.pick(d.n, 300 + j, users);

    ANALYZE draft, liked, said;

    WITH article AS (
        INSERT INTO articles.articles (slug, author_id, title, description,
                                       body, tags, favorites_count,
                                       comments_count, created_at, updated_at)
        SELECT d.slug, author.id,
               opening.title || ' ' || subject.title || ' ' || ending.title,
               about.text, body.text, tags.list,
               (SELECT count(*) FROM liked l WHERE l.n = d.n),
               (SELECT count(*) FROM said s WHERE s.n = d.n),
               d.created_at, d.created_at
          FROM draft d
          JOIN person author ON author.i = pg_temp.pick_low(d.n, 7, users)
          JOIN word opening ON opening.place = 'opening'
                           AND opening.i = pg_temp.pick(d.n, 2, 8)
          JOIN word subject ON subject.place = 'subject'
                           AND subject.i = pg_temp.pick(d.n, 3, 16)
          JOIN word ending ON ending.place = 'ending'
                          AND ending.i = pg_temp.pick(d.n, 4, 8)
          JOIN sentence about ON about.i = pg_temp.pick(d.n, 8, 24),
               LATERAL (SELECT string_agg(s.text, CASE WHEN j % 4 = 0
                                                       THEN E'\n\n'
                                                       ELSE ' '
                                                  END ORDER BY j) AS text
                          FROM generate_series(1, 11) AS j
                          JOIN sentence s ON s.i = pg_temp.pick(d.n, 400 + j,
                                                                24)) AS body,
               LATERAL (SELECT array_agg(DISTINCT tag.tag COLLATE "C"
                                         ORDER BY tag.tag COLLATE "C") AS list
                          FROM generate_series(1, 1 + pg_temp.pick(d.n, 9, 4))
                               AS j
                          JOIN tag ON tag.i = pg_temp.pick_low(d.n, 500 + j,
                                                               32)) AS tags
        RETURNING id, slug
    ), named AS (
        INSERT INTO articles.article_slugs (slug, article_id)
        SELECT slug, id FROM article
    )
    UPDATE draft SET id = article.id
      FROM article
     WHERE draft.slug = article.slug;

    INSERT INTO articles.favorites (user_id, article_id, article_created_at,
                                    created_at)
    SELECT l.user_id, d.id, d.created_at, d.created_at
      FROM liked l
      JOIN draft d USING (n);

    INSERT INTO comments.threads (article_id)
    SELECT DISTINCT d.id
      FROM said
      JOIN draft d USING (n);

    INSERT INTO comments.comments (article_id, author_id, body, created_at,
                                   updated_at)
    SELECT d.id, s.user_id, answer.text, moment.at, moment.at
      FROM said s
      JOIN draft d USING (n)
      JOIN sentence answer ON answer.i = pg_temp.pick(s.n, 600 + s.j, 24),
           LATERAL (SELECT least(now(), d.created_at
                                        + s.j * interval '7 hours') AS at)
           AS moment
     ORDER BY moment.at;

    RETURN CASE WHEN added > 0
           THEN format('articles %s to %s: %s added', first, last, added)
           END;
END
$$;

SELECT format('SELECT line FROM pg_temp.seed(%s, %s, %s) AS line '
              'WHERE line IS NOT NULL',
              first, least(first + 19999, :articles), :users)
  FROM generate_series(1, :articles, 20000) AS first
\gexec


-- 4. What the planner must know; the visibility map for index-only scans.

VACUUM (ANALYZE) auth.users, articles.articles, articles.article_slugs,
    articles.article_tags, articles.favorites, articles.follows,
    articles.counters, articles.author_articles, comments.threads, comments.comments;
