-- Deploy articles:articles to pg
--
-- "articles" and "article_slugs" are what requests write.  "article_tags"
-- and "counters" follow from them, by triggers: a request's statement sees
-- the snapshot of its start even after it waited for another writer of the
-- row, and would leave behind what that one added; the statements of a
-- trigger see it.

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE TABLE articles (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug             text        NOT NULL CHECK (slug <> ''),
    author_id        bigint      NOT NULL,
    title            text        NOT NULL,
    description      text        NOT NULL,
    body             text        NOT NULL,
    tags             text[]      NOT NULL DEFAULT '{}',
    favorites_count  integer     NOT NULL DEFAULT 0,
    comments_count   integer     NOT NULL DEFAULT 0,
    version          bigint      NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 90);       -- counts change in place (HOT)

COMMENT ON COLUMN articles.slug IS 'the current one; article_slugs has all';
COMMENT ON COLUMN articles.tags IS 'sorted by code point, each once';
COMMENT ON COLUMN articles.version IS 'raised by each change that shows';

CREATE INDEX articles_latest_idx
    ON articles (created_at DESC, id DESC);
CREATE INDEX articles_author_idx
    ON articles (author_id, created_at DESC, id DESC);


-- Every slug that an article has or had.  The only unique constraint that a
-- race of two requests can break.

CREATE TABLE article_slugs (
    slug        text    COLLATE "C" NOT NULL,
    article_id  bigint  NOT NULL REFERENCES articles ON DELETE CASCADE,

    CONSTRAINT articles_slug_key PRIMARY KEY (slug)
);

CREATE INDEX article_slugs_article_idx ON article_slugs (article_id);


-- articles.tags once more, in the order of a tag's list.

CREATE TABLE article_tags (
    article_id  bigint      NOT NULL REFERENCES articles ON DELETE CASCADE,
    tag         text        COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL,

    PRIMARY KEY (article_id, tag)
);

COMMENT ON COLUMN article_tags.created_at IS 'of the article';

CREATE INDEX article_tags_tag_idx
    ON article_tags (tag, created_at DESC, article_id DESC);


-- How long the lists are: the number of a list is the sum over its shards,
-- so that writers in a row do not wait for one another's commit.
--
--     total      ''              all articles
--     tag        the tag         articles with it
--     author     a user's id     articles by him        (shard 0 only)
--     favorited  a user's id     articles he favorited  (shard 0 only)
--
-- Rows are locked in the order of the key, 'favorited' before the others of
-- a transaction, and always after the article's row.

CREATE TABLE counters (
    kind   text     COLLATE "C" NOT NULL,
    key    text     COLLATE "C" NOT NULL,
    shard  integer  NOT NULL,
    n      bigint   NOT NULL,

    PRIMARY KEY (kind, key, shard)
) WITH (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000
);

CREATE FUNCTION counter_shard() RETURNS integer
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    RETURN pg_backend_pid() % 16;


CREATE FUNCTION articles_added() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER articles_added AFTER INSERT ON articles
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION articles_added();


CREATE FUNCTION articles_removed() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER articles_removed AFTER DELETE ON articles
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION articles_removed();


CREATE FUNCTION article_tagged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM articles.article_tags
     WHERE article_id = new.id AND tag <> ALL (new.tags);

    INSERT INTO articles.article_tags (article_id, tag, created_at)
    SELECT new.id, t.tag, new.created_at FROM unnest(new.tags) AS t (tag)
        ON CONFLICT DO NOTHING;

    INSERT INTO articles.counters AS c (kind, key, shard, n)
    SELECT 'tag', tag, articles.counter_shard(), sum(n)
      FROM (SELECT tag, 1 FROM unnest(new.tags) AS t (tag)
            UNION ALL
            SELECT tag, -1 FROM unnest(old.tags) AS t (tag))
           AS change (tag, n)
     GROUP BY tag
    HAVING sum(n) <> 0
     ORDER BY tag COLLATE "C"
        ON CONFLICT (kind, key, shard) DO UPDATE SET n = c.n + excluded.n;

    RETURN NULL;
END
$$;

CREATE TRIGGER article_tagged AFTER UPDATE OF tags ON articles
    FOR EACH ROW WHEN (old.tags IS DISTINCT FROM new.tags)
    EXECUTE FUNCTION article_tagged();

COMMIT;
