-- Revert auth:sessions from pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

DROP TRIGGER password_changed ON passwords;
DROP FUNCTION password_changed();
DROP TABLE sessions;

COMMIT;
