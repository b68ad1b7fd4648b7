-- Revert comments:departures from pg

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

DROP TRIGGER comment_written ON comments;
DROP TABLE departures;
DROP FUNCTION user_departed();
DROP FUNCTION comment_written();
DROP FUNCTION user_lock(bigint);

COMMIT;
