-- Revert articles:follows from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP TABLE follows;

COMMIT;
