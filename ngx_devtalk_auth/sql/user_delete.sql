-- Deletes an account: nothing personal is left of it, its name and address are
-- free, its sessions are over.  What the user wrote goes by the event.
--
-- $1 user id
-- $2 traceparent
--
-- outcome       ok, unauthorized:token
-- ended         sessions whose tokens were good, "<id> <id>"; null: none
-- until         when the last of their tokens expires
-- mark, marks   see dt_query.h

WITH old AS MATERIALIZED (
    SELECT id, username
      FROM users
     WHERE id = $1::bigint
       AND deleted_at IS NULL
       FOR NO KEY UPDATE
), gone AS (
    UPDATE users u
       SET email = NULL,
           username = NULL,
           bio = NULL,
           image = NULL,
           version = u.version + 1,
           updated_at = now(),
           deleted_at = now()
      FROM old
     WHERE u.id = old.id
    RETURNING u.id
), secret AS (
    DELETE FROM passwords p USING gone WHERE p.user_id = gone.id
), ended AS (
    UPDATE sessions s
       SET ended_at = coalesce(s.ended_at, now()),
           user_agent = NULL,
           address = NULL
      FROM gone
     WHERE s.user_id = gone.id
       AND s.expires_at > now()
    RETURNING s.id, s.expires_at
), forgotten AS (
    DELETE FROM sessions s
     USING gone
     WHERE s.user_id = gone.id
       AND s.expires_at <= now()
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.users', old.id::text, 'dev.devtalk.user.deleted',
           row_to_json(old), $2, format('u:%s users', old.id)
      FROM old, gone
    RETURNING mark, marks
)
SELECT CASE WHEN event.mark IS NULL THEN 'unauthorized:token' ELSE 'ok' END
           AS outcome,
       (SELECT string_agg(id::text, ' ') FROM ended) AS ended,
       (SELECT ceil(extract(epoch FROM max(expires_at)))::bigint
          FROM ended) AS until,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN event ON true
