-- Deploy auth:replies to pg
--
-- The JSON shapes of the service's replies and events.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

CREATE TYPE account_shape AS (
    email     text,
    token     text,
    username  text,
    bio       text,
    image     text
);

CREATE TYPE account_reply_shape AS (
    "user"  account_shape
);

CREATE TYPE user_event_shape AS (
    id           bigint,
    username     text,
    bio          text,
    image        text,
    version      bigint,
    "createdAt"  text,
    "updatedAt"  text
);


CREATE FUNCTION iso_time(moment timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');


-- The token is not for the database: the service writes it into the empty
-- one.

CREATE FUNCTION show_account(email text, username text, bio text, image text)
    RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN row_to_json(row(row(email, '', username, bio, image)
                           ::account_shape)::account_reply_shape);


-- Nothing here that only the user may see.

CREATE FUNCTION tell_user(id bigint, username text, bio text, image text,
    version bigint, created_at timestamptz, updated_at timestamptz)
    RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN row_to_json(row(id, username, bio, image, version,
                           iso_time(created_at),
                           iso_time(updated_at))::user_event_shape);

COMMIT;
