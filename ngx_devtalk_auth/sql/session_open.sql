-- Signs in a user whose password was right, unless it was changed meanwhile.
-- Forgets the user's sessions of the days before.
--
-- $1 user id
-- $2 the hash that the password was checked against
-- $3 a hash of it with today's parameters, or null: they are the same
-- $4 when the session expires, seconds since 1970
-- $5 user agent, or null
-- $6 address
-- $7 SHA-256 of its refresh token, hexadecimal, or null: it has none
-- $8 seconds for which that is good, or null
--
-- outcome             ok, unauthorized:credentials
-- id, username, role  of the user
-- session             the new session's id
-- reply               the account, with an empty token

WITH account AS MATERIALIZED (
    SELECT u.id, u.email, u.username, u.bio, u.image, u.role
      FROM users u
      JOIN passwords p ON p.user_id = u.id
     WHERE u.id = $1::bigint
       AND p.hash = $2::text
       FOR SHARE OF p
), renewed AS (
    UPDATE passwords p
       SET hash = $3::text
      FROM account
     WHERE p.user_id = account.id
       AND $3::text IS NOT NULL
), forgotten AS (
    DELETE FROM sessions
     WHERE user_id = $1::bigint
       AND greatest(expires_at, refreshable_until) < now() - interval '1 day'
), opened AS (
    INSERT INTO sessions (user_id, expires_at, user_agent, address,
                          refreshable_until)
    SELECT id, to_timestamp($4::bigint), $5, $6,
           now() + make_interval(secs => $8::integer)
      FROM account
    RETURNING id
), refreshable AS (
    INSERT INTO refresh_tokens (hash, session_id)
    SELECT decode($7::text, 'hex'), id FROM opened WHERE $7::text IS NOT NULL
)
SELECT CASE WHEN a.id IS NULL THEN 'unauthorized:credentials' ELSE 'ok' END
           AS outcome,
       a.id,
       a.username,
       a.role,
       a.session,
       show_account(a.email, a.username, a.bio, a.image) AS reply
  FROM (VALUES (1)) AS always
  LEFT JOIN (SELECT account.*, opened.id AS session
               FROM account, opened) AS a ON true
