-- Revert auth:sessions from pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

DROP TABLE sessions;

COMMIT;
