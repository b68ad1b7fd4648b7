-- Revert comments:comments from pg

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

DROP TABLE comments;
DROP TABLE threads;
DROP FUNCTION thread_closed();

COMMIT;
