-- Deploy articles:favorites_of_article to pg
--
-- Whether somebody likes an article is found by one row of this index as well
-- as of the primary key: the planner may take either, and an article that many
-- like is not looked through.

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE INDEX favorites_article_user_idx ON favorites (article_id, user_id);
DROP INDEX favorites_article_idx;

COMMIT;
