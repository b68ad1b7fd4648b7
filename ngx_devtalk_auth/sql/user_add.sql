-- A new account, its first session, and the event.
--
-- $1 email
-- $2 username
-- $3 password hash
-- $4 when the session expires, seconds since 1970
-- $5 user agent, or null
-- $6 address
-- $7 traceparent
--
-- outcome             ok; a taken name or address breaks a constraint
-- id, username, role  of the user
-- session             the new session's id
-- reply               the account, with an empty token

WITH added AS (
    INSERT INTO users (email, username)
    VALUES ($1, $2)
    RETURNING id, email, username, bio, image, role, version, created_at,
              updated_at
), secret AS (
    INSERT INTO passwords (user_id, hash)
    SELECT id, $3 FROM added
), opened AS (
    INSERT INTO sessions (user_id, expires_at, user_agent, address)
    SELECT id, to_timestamp($4::bigint), $5, $6 FROM added
    RETURNING id
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent)
    SELECT 'devtalk.users', id::text, 'dev.devtalk.user.created',
           tell_user(id, username, bio, image, version, created_at,
                     updated_at),
           $7
      FROM added
)
SELECT 'ok' AS outcome,
       a.id,
       a.username,
       a.role,
       opened.id AS session,
       show_account(a.email, a.username, a.bio, a.image) AS reply
  FROM added a, opened
