-- Deploy articles:favorites to pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE TABLE favorites (
    user_id             bigint      NOT NULL,
    article_id          bigint      NOT NULL
                                    REFERENCES articles ON DELETE CASCADE,
    article_created_at  timestamptz NOT NULL,   -- the order of the list
    created_at          timestamptz NOT NULL DEFAULT now(),

    PRIMARY KEY (user_id, article_id)
);

CREATE INDEX favorites_user_idx
    ON favorites (user_id, article_created_at DESC, article_id DESC);
CREATE INDEX favorites_article_idx ON favorites (article_id);


-- One function for both ways; also for favorites that go with an article.

CREATE FUNCTION favorites_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO articles.counters AS c (kind, key, shard, n)
    SELECT 'favorited', user_id::text, 0,
           CASE tg_op WHEN 'INSERT' THEN count(*) ELSE -count(*) END
      FROM changed
     GROUP BY user_id
     ORDER BY user_id::text COLLATE "C"
        ON CONFLICT (kind, key, shard) DO UPDATE SET n = c.n + excluded.n;

    RETURN NULL;
END
$$;

CREATE TRIGGER favorites_added AFTER INSERT ON favorites
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION favorites_changed();

CREATE TRIGGER favorites_removed AFTER DELETE ON favorites
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION favorites_changed();

COMMIT;
