-- Revert articles:favorites_of_article from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE INDEX favorites_article_idx ON favorites (article_id);
DROP INDEX favorites_article_user_idx;

COMMIT;
