-- Deploy articles:newest to pg
--
-- Each author's newest article, so that a feed, which begins with those of
-- everybody followed, finds them in a table that grows with the authors and
-- not with what they write.  Kept by triggers, as the counters are.

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE TABLE newest_articles (
    author_id   bigint       PRIMARY KEY,
    created_at  timestamptz,
    id          bigint
) WITH (fillfactor = 50);       -- changes in place (HOT)

COMMENT ON COLUMN newest_articles.id IS 'null when no article is left';

INSERT INTO newest_articles (author_id, created_at, id)
SELECT DISTINCT ON (author_id) author_id, created_at, id
  FROM articles
 ORDER BY author_id, created_at DESC, id DESC;


CREATE FUNCTION newest_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO articles.newest_articles AS n (author_id, created_at, id)
    SELECT DISTINCT ON (author_id) author_id, created_at, id
      FROM added
     ORDER BY author_id, created_at DESC, id DESC
        ON CONFLICT (author_id) DO UPDATE
       SET (created_at, id) = (excluded.created_at, excluded.id)
     WHERE n.id IS NULL
        OR (n.created_at, n.id) < (excluded.created_at, excluded.id);

    RETURN NULL;
END
$$;

CREATE TRIGGER newest_added AFTER INSERT ON articles
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION newest_added();


-- The row is locked even if it is another article's: who deletes that one at
-- the same time would put this one in its place.  (The author's counter makes
-- them wait for each other as well, as long as its trigger fires first.)  Only
-- the statement behind the lock sees what was done until then.

CREATE FUNCTION newest_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM articles.newest_articles
      WHERE author_id IN (SELECT author_id FROM removed)
      ORDER BY author_id
        FOR UPDATE;

    UPDATE articles.newest_articles n
       SET (created_at, id) =
           (SELECT a.created_at, a.id
              FROM articles.articles a
             WHERE a.author_id = n.author_id
             ORDER BY a.created_at DESC, a.id DESC
             LIMIT 1)
      FROM removed r
     WHERE n.author_id = r.author_id
       AND n.id = r.id;

    RETURN NULL;
END
$$;

CREATE TRIGGER newest_removed AFTER DELETE ON articles
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION newest_removed();

COMMIT;
