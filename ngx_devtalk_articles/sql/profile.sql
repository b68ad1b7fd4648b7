-- A user as others see him.
--
-- kind: point read
-- $1 username
-- $2 viewer, or null
--
-- outcome  ok, not_found:profile
-- reply    {"profile":...}

SELECT CASE WHEN u.id IS NULL THEN 'not_found:profile' ELSE 'ok' END
           AS outcome,
       CASE WHEN u.id IS NOT NULL
            THEN '{"profile":'
                 || row_to_json(show_author(u,
                        EXISTS (SELECT
                                  FROM follows f
                                 WHERE f.follower_id = $2::bigint
                                   AND f.author_id = u.id)))
                 || '}'
       END AS reply
  FROM (SELECT) AS always
  LEFT JOIN authors u ON u.username = $1::text
