-- Ends a session of a user, or all of them.
--
-- $1 user id
-- $2 session, or null: all
--
-- outcome  ok, not_found:session
-- ended    those whose tokens were good, "<id> <id>"; null: none
-- until    when the last of these tokens expires

WITH ended AS (
    UPDATE sessions
       SET ended_at = now()
     WHERE user_id = $1::bigint
       AND ($2::uuid IS NULL OR id = $2::uuid)
       AND ended_at IS NULL
       AND greatest(expires_at, refreshable_until) > now()
    RETURNING id, expires_at
)
SELECT CASE WHEN $2::uuid IS NULL OR count(*) > 0 THEN 'ok'
            ELSE 'not_found:session'
       END AS outcome,
       string_agg(id::text, ' ') FILTER (WHERE expires_at > now()) AS ended,
       ceil(extract(epoch FROM max(expires_at)))::bigint AS until
  FROM ended
