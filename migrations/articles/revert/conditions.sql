-- Revert articles:conditions from pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP FUNCTION etag_in(text[], text);

COMMIT;
