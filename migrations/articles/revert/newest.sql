-- Revert articles:newest from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP TRIGGER newest_added ON articles;
DROP TRIGGER newest_removed ON articles;
DROP FUNCTION newest_added();
DROP FUNCTION newest_removed();
DROP TABLE newest_articles;

COMMIT;
