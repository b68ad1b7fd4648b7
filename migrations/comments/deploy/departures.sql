-- Deploy comments:departures to pg
--
-- A departure is a user who deleted the account.  The user's comments go
-- with it, and none comes after: one that was being written when the account
-- went either is there before, and goes with the others, or finds the
-- departure and is refused.

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

CREATE TABLE departures (
    user_id      bigint      PRIMARY KEY,
    departed_at  timestamptz NOT NULL DEFAULT now()
);


-- A lock that all who write for a user share, and the user's departure has
-- for itself, until the commit.

CREATE FUNCTION user_lock(user_id bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN hashint8extended(user_id, 4716);

CREATE FUNCTION comment_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The writer has the thread's row by now, and the departure must have it
    -- too: who meets a departure does not wait for it.
    IF NOT pg_try_advisory_xact_lock_shared(
               comments.user_lock(new.author_id))
       OR EXISTS (SELECT FROM comments.departures
                   WHERE user_id = new.author_id)
    THEN
        RAISE invalid_authorization_specification
            USING MESSAGE = format('user %s has departed', new.author_id);
    END IF;

    RETURN new;
END
$$;

CREATE TRIGGER comment_written BEFORE INSERT ON comments
    FOR EACH ROW EXECUTE FUNCTION comment_written();


-- The events of an article are drawn in the order in which its thread was
-- locked.

CREATE FUNCTION user_departed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(comments.user_lock(new.user_id));

    UPDATE comments.threads t
       SET version = t.version + 1
      FROM (SELECT article_id
              FROM comments.threads
             WHERE article_id IN (SELECT article_id
                                    FROM comments.comments
                                   WHERE author_id = new.user_id)
             ORDER BY article_id
               FOR UPDATE) AS locked
     WHERE t.article_id = locked.article_id;

    WITH gone AS (
        DELETE FROM comments.comments
         WHERE author_id = new.user_id
        RETURNING id, article_id, author_id
    )
    INSERT INTO comments.outbox (topic, key, type, data, marks)
    SELECT 'devtalk.comments', article_id::text,
           'dev.devtalk.comment.deleted', row_to_json(fact),
           format('c:%s', article_id)
      FROM (SELECT id, article_id, author_id FROM gone ORDER BY id) AS g,
           LATERAL (SELECT g.id,
                           g.article_id AS "articleId",
                           g.author_id AS "authorId") AS fact;

    RETURN NULL;
END
$$;

CREATE TRIGGER user_departed AFTER INSERT ON departures
    FOR EACH ROW EXECUTE FUNCTION user_departed();

COMMIT;
