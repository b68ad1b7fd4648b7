-- Revert articles:published from pg
--
-- The comments service's views must be gone before.

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

DROP VIEW public_follows;
DROP VIEW public_articles;

COMMIT;
