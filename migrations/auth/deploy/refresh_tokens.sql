-- Deploy auth:refresh_tokens to pg
--
-- A session that was begun with a refresh token lives on after its last
-- access token: who has the newest refresh token gets another of each.  A
-- token is used once.  Of all there were, each is kept as its hash, so that
-- one which comes again is known as stolen.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

ALTER TABLE sessions
    ADD COLUMN refreshable_until timestamptz,
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();

COMMENT ON COLUMN sessions.refreshable_until IS
    'its newest refresh token is good until then; NULL: it has none';
COMMENT ON COLUMN sessions.seen_at IS 'when it last was given a token';

CREATE TABLE refresh_tokens (
    hash        bytea       PRIMARY KEY CHECK (length(hash) = 32),
    session_id  uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    used_at     timestamptz,
    successor   bytea       CHECK (length(successor) = 32),
    CHECK ((used_at IS NULL) = (successor IS NULL))
);

COMMENT ON COLUMN refresh_tokens.hash IS 'SHA-256 of the token';
COMMENT ON COLUMN refresh_tokens.successor IS
    'the token that it was exchanged for, which only it can read';

CREATE INDEX refresh_tokens_session_idx ON refresh_tokens (session_id);


-- As before, but not only sessions with a token that is good now.

CREATE OR REPLACE FUNCTION password_changed() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE auth.sessions
       SET ended_at = now()
     WHERE user_id = new.user_id
       AND ended_at IS NULL
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
       AND ended_at IS NULL;

    RETURN NULL;
END
$$;

COMMIT;
