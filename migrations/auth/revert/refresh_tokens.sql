-- Revert auth:refresh_tokens from pg
--
-- Sessions live as long as their access tokens again.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

CREATE OR REPLACE FUNCTION password_changed() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE auth.sessions
       SET ended_at = now()
     WHERE user_id = new.user_id
       AND ended_at IS NULL
       AND expires_at > now()
       AND xmin <> pg_current_xact_id()::xid;

    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION password_deleted() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE auth.sessions
       SET ended_at = now()
     WHERE user_id = old.user_id
       AND ended_at IS NULL
       AND expires_at > now();

    RETURN NULL;
END
$$;

DROP TABLE refresh_tokens;

ALTER TABLE sessions
    DROP COLUMN refreshable_until,
    DROP COLUMN seen_at;

COMMIT;
