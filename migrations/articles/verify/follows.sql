-- Verify articles:follows on pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

SELECT follower_id, author_id, created_at FROM follows WHERE false;

ROLLBACK;
