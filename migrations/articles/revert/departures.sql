-- Revert articles:departures from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP TRIGGER article_written ON articles;
DROP TRIGGER favorite_written ON favorites;
DROP TRIGGER follow_written ON follows;
DROP TABLE departures;
DROP FUNCTION user_departed();
DROP FUNCTION article_written();
DROP FUNCTION favorite_written();
DROP FUNCTION follow_written();
DROP FUNCTION user_stays(bigint);
DROP FUNCTION user_lock(bigint);

COMMIT;
