-- Exchanges a refresh token for its successor.  One that was exchanged in the
-- last ten seconds gives the same successor again: two tabs of a browser, or
-- an answer that was lost.  Later it is a stolen one, and ends its session.
--
-- $1 SHA-256 of the token, hexadecimal
-- $2 SHA-256 of a successor, hexadecimal
-- $3 the successor, which only the token can read, hexadecimal
-- $4 when the access token expires that is signed now, seconds since 1970
-- $5 user agent, or null
-- $6 address
-- $7 seconds without a refresh after which the session is over
-- $8 seconds after its begin
--
-- outcome             ok, unauthorized:refresh_token
-- id, username, role  of the user
-- session
-- successor           as $3; not always $3
-- stolen              true: this has ended the session
-- ended               the session, if it has ended by this with a token that
--                     was good
-- until               when the last of its tokens expires

WITH token AS MATERIALIZED (
    SELECT hash, session_id, used_at, successor
      FROM refresh_tokens
     WHERE hash = decode($1::text, 'hex')
       FOR UPDATE
), session AS MATERIALIZED (
    SELECT s.id, s.user_id, s.created_at, s.expires_at
      FROM sessions s
     WHERE s.id = (SELECT session_id FROM token)
       AND s.ended_at IS NULL
       AND s.refreshable_until > now()
       FOR NO KEY UPDATE
), case_of AS MATERIALIZED (
    SELECT CASE WHEN token.used_at IS NULL THEN 'first'
                WHEN token.used_at > clock_timestamp() - interval '10 seconds'
                THEN 'again'
                ELSE 'stolen'
           END AS name,
           u.id AS user_id,
           u.username,
           u.role
      FROM token, session
      JOIN users u ON u.id = session.user_id
), used AS (
    UPDATE refresh_tokens t
       SET used_at = clock_timestamp(), successor = decode($3::text, 'hex')
      FROM token, case_of
     WHERE t.hash = token.hash
       AND case_of.name = 'first'
), next AS (
    INSERT INTO refresh_tokens (hash, session_id)
    SELECT decode($2::text, 'hex'), session.id
      FROM session, case_of
     WHERE case_of.name = 'first'
), kept AS (
    UPDATE sessions s
       SET expires_at = greatest(s.expires_at, to_timestamp($4::bigint)),
           refreshable_until =
               least(now() + make_interval(secs => $7::integer),
                     s.created_at + make_interval(secs => $8::integer)),
           seen_at = now(),
           user_agent = $5,
           address = $6
      FROM session, case_of
     WHERE s.id = session.id
       AND case_of.name <> 'stolen'
), ended AS (
    UPDATE sessions s
       SET ended_at = now()
      FROM session, case_of
     WHERE s.id = session.id
       AND case_of.name = 'stolen'
)
SELECT CASE WHEN case_of.name IN ('first', 'again') THEN 'ok'
            ELSE 'unauthorized:refresh_token'
       END AS outcome,
       case_of.user_id AS id,
       case_of.username,
       case_of.role,
       session.id AS session,
       CASE case_of.name WHEN 'first' THEN $3::text
                         WHEN 'again' THEN encode(token.successor, 'hex')
       END AS successor,
       nullif(case_of.name = 'stolen', false) AS stolen,
       CASE WHEN case_of.name = 'stolen' AND session.expires_at > now()
            THEN session.id
       END AS ended,
       ceil(extract(epoch FROM session.expires_at))::bigint AS until
  FROM (SELECT) AS always
  LEFT JOIN token ON true
  LEFT JOIN session ON true
  LEFT JOIN case_of ON true
