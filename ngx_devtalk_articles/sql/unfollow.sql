-- The viewer does not follow a user any more; nothing changes if he did not.
--
-- $1 viewer
-- $2 username
-- $3 traceparent
--
-- outcome  ok, not_found:profile, invalid:profile (himself)
-- reply    {"profile":...}
-- mark, marks  NULL if nothing changed: no event then either; marks is empty,
--              no shared reply tells who follows whom

WITH author AS MATERIALIZED (
    SELECT u FROM authors u WHERE u.username = $2::text
), removed AS (
    DELETE FROM follows f
     USING author
     WHERE f.follower_id = $1::bigint
       AND f.author_id = (author.u).id
    RETURNING f.follower_id, f.author_id
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent)
    SELECT 'devtalk.users',
           removed.author_id::text,
           'dev.devtalk.user.unfollowed',
           row_to_json(fact),
           $3::text
      FROM removed,
           LATERAL (SELECT removed.follower_id AS "followerId",
                           removed.author_id AS "authorId") AS fact
    RETURNING mark, marks
)
SELECT CASE WHEN author.u IS NULL THEN 'not_found:profile'
            WHEN (author.u).id = $1::bigint THEN 'invalid:profile'
            ELSE 'ok'
       END AS outcome,
       CASE WHEN (author.u).id <> $1::bigint
            THEN '{"profile":'
                 || row_to_json(show_author(author.u, false))
                 || '}'
       END AS reply,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN author ON true
  LEFT JOIN event ON true
