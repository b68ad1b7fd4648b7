-- Deploy auth:deletion to pg
--
-- The row of a deleted account stays without anything personal: its id is
-- never given again, and its sessions are still known as ended.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

ALTER TABLE users
    ADD COLUMN deleted_at timestamptz,
    ALTER COLUMN email DROP NOT NULL,
    ALTER COLUMN username DROP NOT NULL,
    ADD CONSTRAINT users_deleted_check
        CHECK (CASE WHEN deleted_at IS NULL
                    THEN email IS NOT NULL AND username IS NOT NULL
                    ELSE coalesce(email, username, bio, image) IS NULL
               END);

COMMENT ON COLUMN users.deleted_at IS 'NULL: the account is in use';

CREATE OR REPLACE VIEW public_users AS
    SELECT id, username, bio, image, version
      FROM users
     WHERE deleted_at IS NULL;


-- The password of a deleted account goes, and ends every session, as a new
-- one does: also that of a login which was under way.

CREATE FUNCTION password_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE auth.sessions
       SET ended_at = now()
     WHERE user_id = old.user_id
       AND ended_at IS NULL
       AND expires_at > now();

    RETURN NULL;
END
$$;

CREATE TRIGGER password_deleted AFTER DELETE ON passwords
    FOR EACH ROW EXECUTE FUNCTION password_deleted();

COMMIT;
