-- Deploy articles:author_articles to pg
--
-- How many articles each author has, and which is the newest: a feed begins
-- with those of everybody followed, and finds them in a table that grows with
-- the authors and not with what they write.  Kept by the triggers that keep
-- the counters, whose kind 'author' it replaces.

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE TABLE author_articles (
    author_id   bigint       PRIMARY KEY,
    n           bigint       NOT NULL,
    created_at  timestamptz,
    id          bigint
) WITH (fillfactor = 50);       -- changes in place (HOT)

COMMENT ON TABLE author_articles IS
    'locked behind the article''s row and before the counters';
COMMENT ON COLUMN author_articles.id IS
    'of the newest, as created_at; null when no article is left';

INSERT INTO author_articles (author_id, n, created_at, id)
SELECT DISTINCT ON (author_id)
       author_id, count(*) OVER (PARTITION BY author_id), created_at, id
  FROM articles
 ORDER BY author_id, created_at DESC, id DESC;

DELETE FROM counters WHERE kind = 'author';


CREATE OR REPLACE FUNCTION articles_added() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO articles.article_tags (article_id, tag, created_at)
    SELECT a.id, t.tag, a.created_at
      FROM added a, unnest(a.tags) AS t (tag);

    INSERT INTO articles.author_articles AS b (author_id, n, created_at, id)
    SELECT DISTINCT ON (author_id)
           author_id, count(*) OVER (PARTITION BY author_id), created_at, id
      FROM added
     ORDER BY author_id, created_at DESC, id DESC
        ON CONFLICT (author_id) DO UPDATE
       SET n = b.n + excluded.n,
           (created_at, id) =
           (SELECT newest.created_at, newest.id
              FROM (VALUES (b.created_at, b.id),
                           (excluded.created_at, excluded.id))
                   AS newest (created_at, id)
             WHERE newest.id IS NOT NULL
             ORDER BY newest.created_at DESC, newest.id DESC
             LIMIT 1);

    INSERT INTO articles.counters AS c (kind, key, shard, n)
    SELECT kind, key, shard, count(*)
      FROM (SELECT 'tag', t.tag, articles.counter_shard()
              FROM added, unnest(tags) AS t (tag)
            UNION ALL
            SELECT 'total', '', articles.counter_shard() FROM added)
           AS change (kind, key, shard)
     GROUP BY kind, key, shard
     ORDER BY kind COLLATE "C", key COLLATE "C", shard
        ON CONFLICT (kind, key, shard) DO UPDATE SET n = c.n + excluded.n;

    RETURN NULL;
END
$$;


-- The author's row is locked by a statement of its own, for only the one
-- behind it sees what was done until then: of two who remove the two newest
-- at once, the second must not put the first one's in the place of its own.

CREATE OR REPLACE FUNCTION articles_removed() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM articles.author_articles
      WHERE author_id IN (SELECT author_id FROM removed)
      ORDER BY author_id
        FOR UPDATE;

    UPDATE articles.author_articles b
       SET n = b.n - gone.n,
           (created_at, id) =
           (SELECT a.created_at, a.id
              FROM articles.articles a
             WHERE a.author_id = b.author_id
             ORDER BY a.created_at DESC, a.id DESC
             LIMIT 1)
      FROM (SELECT author_id, count(*) AS n FROM removed GROUP BY author_id)
           AS gone
     WHERE b.author_id = gone.author_id;

    INSERT INTO articles.counters AS c (kind, key, shard, n)
    SELECT kind, key, shard, -count(*)
      FROM (SELECT 'tag', t.tag, articles.counter_shard()
              FROM removed, unnest(tags) AS t (tag)
            UNION ALL
            SELECT 'total', '', articles.counter_shard() FROM removed)
           AS change (kind, key, shard)
     GROUP BY kind, key, shard
     ORDER BY kind COLLATE "C", key COLLATE "C", shard
        ON CONFLICT (kind, key, shard) DO UPDATE SET n = c.n + excluded.n;

    RETURN NULL;
END
$$;

COMMIT;
