-- Revert auth:replies from pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

DROP FUNCTION tell_user(bigint, text, text, text, bigint, timestamptz,
    timestamptz);
DROP FUNCTION show_account(text, text, text, text);
DROP FUNCTION iso_time(timestamptz);
DROP TYPE user_event_shape;
DROP TYPE account_reply_shape;
DROP TYPE account_shape;

COMMIT;
