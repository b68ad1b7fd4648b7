-- Deploy comments:comments to pg
--
-- A thread is what an article's comments hang on: the row that writers of
-- comments lock, so that the events of one article stand in the outbox in
-- the order of their commits, and the grave of a deleted article, so that no
-- comment comes after.

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

CREATE TABLE threads (
    article_id  bigint   PRIMARY KEY,
    version     bigint   NOT NULL DEFAULT 1,
    closed      boolean  NOT NULL DEFAULT false
) WITH (fillfactor = 50);

COMMENT ON COLUMN threads.closed IS 'the article was deleted; never undone';

CREATE TABLE comments (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id  bigint      NOT NULL REFERENCES threads,
    author_id   bigint      NOT NULL,
    body        text        NOT NULL,
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX comments_article_idx ON comments (article_id, id DESC);
CREATE INDEX comments_author_idx ON comments (author_id);


-- By trigger, because a statement that waited for the thread's row does not
-- see the comment that its holder wrote; the statements of a trigger do.

CREATE FUNCTION thread_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH removed AS (
        DELETE FROM comments.comments
         WHERE article_id = new.article_id
        RETURNING id, article_id, author_id
    )
    INSERT INTO comments.outbox (topic, key, type, data)
    SELECT 'devtalk.comments', article_id::text,
           'dev.devtalk.comment.deleted', row_to_json(fact)
      FROM (SELECT id, article_id, author_id FROM removed ORDER BY id) r,
           LATERAL (SELECT r.id,
                           r.article_id AS "articleId",
                           r.author_id AS "authorId") AS fact;

    RETURN NULL;
END
$$;

CREATE TRIGGER thread_closed AFTER UPDATE OF closed ON threads
    FOR EACH ROW WHEN (new.closed AND NOT old.closed)
    EXECUTE FUNCTION thread_closed();

COMMIT;
