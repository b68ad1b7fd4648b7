-- Revert auth:users from pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

DROP TABLE passwords;
DROP TABLE users;

COMMIT;
