-- Revert articles:author_articles from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE OR REPLACE FUNCTION articles_added() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO articles.article_tags (article_id, tag, created_at)
    SELECT a.id, t.tag, a.created_at
      FROM added a, unnest(a.tags) AS t (tag);

    INSERT INTO articles.counters AS c (kind, key, shard, n)
    SELECT kind, key, shard, count(*)
      FROM (SELECT 'author', author_id::text, 0 FROM added
            UNION ALL
            SELECT 'tag', t.tag, articles.counter_shard()
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


CREATE OR REPLACE FUNCTION articles_removed() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO articles.counters AS c (kind, key, shard, n)
    SELECT kind, key, shard, -count(*)
      FROM (SELECT 'author', author_id::text, 0 FROM removed
            UNION ALL
            SELECT 'tag', t.tag, articles.counter_shard()
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


INSERT INTO counters (kind, key, shard, n)
SELECT 'author', author_id::text, 0, n FROM author_articles;

DROP TABLE author_articles;

COMMIT;
