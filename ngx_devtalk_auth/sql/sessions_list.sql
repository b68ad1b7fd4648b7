-- The sessions of a user that are not over, the newest seen first.
--
-- kind: read
-- $1 user id
-- $2 the caller's session
--
-- reply  {"sessions":[...]}, at most 100

SELECT json_build_object(
           'sessions',
           coalesce(json_agg(row_to_json(shown)), '[]'))::text AS reply
  FROM (SELECT id,
               id = $2::uuid AS current,
               iso_time(created_at) AS "createdAt",
               iso_time(seen_at) AS "lastSeenAt",
               user_agent AS "userAgent",
               address
          FROM sessions
         WHERE user_id = $1::bigint
           AND ended_at IS NULL
           AND greatest(expires_at, refreshable_until) > now()
         ORDER BY seen_at DESC, id
         LIMIT 100) AS shown
