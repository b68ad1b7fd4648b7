-- Logs out.
--
-- $1 session
-- $2 its user
--
-- outcome  ok, also if it had ended before
-- until    when its last token expires; null: it had ended, or is unknown

WITH ended AS (
    UPDATE sessions
       SET ended_at = now()
     WHERE id = $1::uuid
       AND user_id = $2::bigint
       AND ended_at IS NULL
    RETURNING expires_at
)
SELECT 'ok' AS outcome,
       (SELECT ceil(extract(epoch FROM expires_at))::bigint
          FROM ended) AS until
