-- Revert auth:published from pg
--
-- The other services' views must be gone before.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

DROP VIEW public_users;

COMMIT;
