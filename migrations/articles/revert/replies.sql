-- Revert articles:replies from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP FUNCTION tell_article(articles, authors);
DROP FUNCTION show_article(articles, authors, boolean, boolean);
DROP FUNCTION show_card(articles, authors, boolean, boolean);
DROP FUNCTION show_author(authors, boolean);
DROP FUNCTION position_id(bigint);
DROP FUNCTION position_time(bigint);
DROP FUNCTION list_position(timestamptz, bigint);
DROP FUNCTION iso_time(timestamptz);
DROP TYPE article_event_shape;
DROP TYPE article_shape;
DROP TYPE card_shape;
DROP TYPE author_shape;
DROP VIEW authors;

COMMIT;
