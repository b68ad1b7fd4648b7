-- Changes an account; tells it if something changed that others see.  A new
-- password ends every session of the user and opens one.
--
-- $1 user id
-- $2 email, or null: as it is
-- $3 username, or null: as it is
-- $4 password hash, or null: as it is
-- $5 true: set the bio
-- $6 bio, or null
-- $7 true: set the image
-- $8 image, or null
-- $9 the caller's session
-- $10 when a session expires whose token is signed now, seconds since 1970
-- $11 user agent, or null
-- $12 address
-- $13 traceparent
--
-- outcome             ok, taken:username, taken:email, unauthorized:token
-- id, username, role  of the user
-- session             the session of a new password, or null
-- ended               sessions that ended with tokens that were good,
--                     "<id> <id>"; null: none
-- until               when the last of their tokens expires
-- reply               the account, with an empty token
-- mark, marks         see dt_query.h

WITH old AS MATERIALIZED (
    SELECT id, version
      FROM users
     WHERE id = $1::bigint
       AND deleted_at IS NULL
       FOR NO KEY UPDATE
), taken AS MATERIALIZED (
    SELECT CASE
               WHEN EXISTS (SELECT FROM users
                             WHERE lower(username) = lower($3::text)
                               AND id <> $1::bigint)
               THEN 'taken:username'
               WHEN EXISTS (SELECT FROM users
                             WHERE lower(email) = lower($2::text)
                               AND id <> $1::bigint)
               THEN 'taken:email'
           END AS outcome
), changed AS (
    UPDATE users u
       SET email = coalesce($2::text, u.email),
           username = coalesce($3::text, u.username),
           bio = CASE WHEN $5::boolean THEN $6::text ELSE u.bio END,
           image = CASE WHEN $7::boolean THEN $8::text ELSE u.image END,
           version = u.version
                     + (coalesce($3::text, u.username) <> u.username
                        OR $5::boolean AND $6::text IS DISTINCT FROM u.bio
                        OR $7::boolean AND $8::text IS DISTINCT FROM u.image
                       )::integer,
           updated_at = now()
      FROM old, taken
     WHERE u.id = old.id
       AND taken.outcome IS NULL
    RETURNING u.id, u.email, u.username, u.bio, u.image, u.role, u.version,
              u.created_at, u.updated_at, u.version > old.version AS shows
), secret AS (
    UPDATE passwords p
       SET hash = $4::text, changed_at = now()
      FROM changed
     WHERE p.user_id = changed.id
       AND $4::text IS NOT NULL
), ended AS (
    UPDATE sessions s
       SET ended_at = now()
      FROM changed
     WHERE s.user_id = changed.id
       AND s.ended_at IS NULL
       AND $4::text IS NOT NULL
    RETURNING s.id, s.expires_at, s.expires_at > now() AS told
), kept AS (
    UPDATE sessions s
       SET expires_at = greatest(s.expires_at, to_timestamp($10::bigint))
      FROM changed
     WHERE s.id = $9::uuid
       AND $3::text IS NOT NULL
       AND $4::text IS NULL
), opened AS (
    INSERT INTO sessions (user_id, expires_at, user_agent, address)
    SELECT id, to_timestamp($10::bigint), $11, $12
      FROM changed
     WHERE $4::text IS NOT NULL
    RETURNING id
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.users', id::text, 'dev.devtalk.user.updated',
           tell_user(id, username, bio, image, version, created_at,
                     updated_at),
           $13, format('u:%s users', id)
      FROM changed
     WHERE shows
)
SELECT CASE
           WHEN taken.outcome IS NOT NULL THEN taken.outcome
           WHEN c.id IS NULL THEN 'unauthorized:token'
           ELSE 'ok'
       END AS outcome,
       c.id,
       c.username,
       c.role,
       (SELECT id FROM opened) AS session,
       (SELECT string_agg(id::text, ' ') FROM ended WHERE told) AS ended,
       (SELECT ceil(extract(epoch FROM max(expires_at)))::bigint
          FROM ended) AS until,
       show_account(c.email, c.username, c.bio, c.image) AS reply,
       pg_current_xact_id() AS mark,
       CASE WHEN c.shows THEN format('u:%s users', c.id) ELSE '' END AS marks
  FROM taken
  LEFT JOIN changed c ON true
