-- The viewer follows a user; following him again changes nothing.
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
), added AS (
    INSERT INTO follows (follower_id, author_id)
    SELECT $1::bigint, (author.u).id
      FROM author
     WHERE (author.u).id <> $1::bigint
        ON CONFLICT DO NOTHING
    RETURNING follower_id, author_id
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent)
    SELECT 'devtalk.users',
           added.author_id::text,
           'dev.devtalk.user.followed',
           row_to_json(fact),
           $3::text
      FROM added,
           LATERAL (SELECT added.follower_id AS "followerId",
                           added.author_id AS "authorId") AS fact
    RETURNING mark, marks
)
SELECT CASE WHEN author.u IS NULL THEN 'not_found:profile'
            WHEN (author.u).id = $1::bigint THEN 'invalid:profile'
            ELSE 'ok'
       END AS outcome,
       CASE WHEN (author.u).id <> $1::bigint
            THEN '{"profile":'
                 || row_to_json(show_author(author.u, true))
                 || '}'
       END AS reply,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN author ON true
  LEFT JOIN event ON true
