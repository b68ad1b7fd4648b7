-- Deploy articles:departures to pg
--
-- A departure is a user who deleted the account.  With it go the user's
-- articles, favorites and follows, and nothing of the user comes after: what
-- was being written when the account went either is there before, and goes
-- with the rest, or finds the departure and is refused.

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE TABLE departures (
    user_id      bigint      PRIMARY KEY,
    departed_at  timestamptz NOT NULL DEFAULT now()
);


-- A lock that all who write for a user share, and the user's departure has
-- for itself, until the commit.

CREATE FUNCTION user_lock(user_id bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN hashint8extended(user_id, 4715);

CREATE FUNCTION user_stays(writer bigint) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    -- The writer may have an article's row by now that the departure must
    -- have too: who meets a departure does not wait for it.
    IF NOT pg_try_advisory_xact_lock_shared(articles.user_lock(writer))
       OR EXISTS (SELECT FROM articles.departures WHERE user_id = writer)
    THEN
        RAISE invalid_authorization_specification
            USING MESSAGE = format('user %s has departed', writer);
    END IF;
END
$$;

CREATE FUNCTION article_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM articles.user_stays(new.author_id);
    RETURN new;
END
$$;

CREATE FUNCTION favorite_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM articles.user_stays(new.user_id);
    RETURN new;
END
$$;

CREATE FUNCTION follow_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM articles.user_stays(new.follower_id);
    RETURN new;
END
$$;

CREATE TRIGGER article_written BEFORE INSERT ON articles
    FOR EACH ROW EXECUTE FUNCTION article_written();

CREATE TRIGGER favorite_written BEFORE INSERT ON favorites
    FOR EACH ROW EXECUTE FUNCTION favorite_written();

CREATE TRIGGER follow_written BEFORE INSERT ON follows
    FOR EACH ROW EXECUTE FUNCTION follow_written();


-- What departs, each with its event.  Every article is locked before the
-- first counter, in the order of their ids, as two who depart together may
-- like each other's.

CREATE FUNCTION user_departed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(articles.user_lock(new.user_id));

    PERFORM FROM articles.articles
      WHERE author_id = new.user_id
         OR id IN (SELECT article_id
                     FROM articles.favorites
                    WHERE user_id = new.user_id)
      ORDER BY id
        FOR UPDATE;

    DELETE FROM articles.follows
     WHERE follower_id = new.user_id OR author_id = new.user_id;

    WITH gone AS (
        DELETE FROM articles.favorites
         WHERE user_id = new.user_id
        RETURNING article_id
    ), counted AS (
        UPDATE articles.articles a
           SET favorites_count = a.favorites_count - 1,
               version = a.version + 1
          FROM gone
         WHERE a.id = gone.article_id
           AND a.author_id <> new.user_id
        RETURNING a.id, a.slug, a.author_id, a.favorites_count
    )
    INSERT INTO articles.outbox (topic, key, type, data, marks)
    SELECT 'devtalk.articles', counted.id::text,
           'dev.devtalk.article.unfavorited', row_to_json(fact),
           format('a:%s front', counted.id)
      FROM counted,
           LATERAL (SELECT counted.id AS "articleId",
                           counted.slug,
                           counted.author_id AS "authorId",
                           new.user_id AS "userId",
                           counted.favorites_count AS "favoritesCount")
           AS fact;

    WITH gone AS (
        DELETE FROM articles.articles
         WHERE author_id = new.user_id
        RETURNING id, slug, author_id, tags
    )
    INSERT INTO articles.outbox (topic, key, type, data, marks)
    SELECT 'devtalk.articles', gone.id::text,
           'dev.devtalk.article.deleted', row_to_json(fact),
           format('a:%s front c:%s', gone.id, gone.id)
           || CASE WHEN gone.tags <> '{}' THEN ' tags' ELSE '' END
      FROM gone,
           LATERAL (SELECT gone.id,
                           gone.slug,
                           gone.author_id AS "authorId") AS fact;

    RETURN NULL;
END
$$;

CREATE TRIGGER user_departed AFTER INSERT ON departures
    FOR EACH ROW EXECUTE FUNCTION user_departed();

COMMIT;
