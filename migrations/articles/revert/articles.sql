-- Revert articles:articles from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP TABLE counters;
DROP TABLE article_tags;
DROP TABLE article_slugs;
DROP TABLE articles;
DROP FUNCTION article_tagged();
DROP FUNCTION articles_removed();
DROP FUNCTION articles_added();
DROP FUNCTION counter_shard();

COMMIT;
