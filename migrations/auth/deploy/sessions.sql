-- Deploy auth:sessions to pg
--
-- A session begins with a login.  Its id is the claim "sid" of its tokens;
-- it lives as long as the last of them, unless it is ended before.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

CREATE TABLE sessions (
    id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id     bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    user_agent  text,
    address     text
);

COMMENT ON COLUMN sessions.expires_at IS 'not before its last token';
COMMENT ON COLUMN sessions.ended_at IS
    'its tokens are refused since; NULL: it was not ended';

CREATE INDEX sessions_user_idx ON sessions (user_id, expires_at);

-- What every node must know: ended, and with tokens that would be good.
CREATE INDEX sessions_ended_idx ON sessions (expires_at)
    WHERE ended_at IS NOT NULL;

-- A new password ends every session but the one opened with it.  A trigger,
-- because a login that was under way when the password changed has opened a
-- session that the statement's own snapshot does not show.

CREATE FUNCTION password_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER password_changed AFTER UPDATE OF hash ON passwords
    FOR EACH ROW EXECUTE FUNCTION password_changed();

COMMIT;
