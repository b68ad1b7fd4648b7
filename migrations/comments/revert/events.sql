-- Revert comments:events from pg

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

DROP TABLE inbox;
DROP TABLE outbox;

COMMIT;
