-- Revert articles:events from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP TABLE inbox;
DROP TABLE outbox;

COMMIT;
