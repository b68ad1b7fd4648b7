-- Revert articles:favorites from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP TABLE favorites;
DROP FUNCTION favorites_changed();
DELETE FROM counters WHERE kind = 'favorited';

COMMIT;
