-- Revert auth:deletion from pg
--
-- Deleted accounts go for good: what is left of them has no place before.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

DROP TRIGGER password_deleted ON passwords;
DROP FUNCTION password_deleted();

CREATE OR REPLACE VIEW public_users AS
    SELECT id, username, bio, image, version FROM users;

DELETE FROM users WHERE deleted_at IS NOT NULL;

ALTER TABLE users
    DROP CONSTRAINT users_deleted_check,
    DROP COLUMN deleted_at,
    ALTER COLUMN email SET NOT NULL,
    ALTER COLUMN username SET NOT NULL;

COMMIT;
