-- What follows when the viewer began or ceased to follow a user.
--
-- $1 viewer
-- $3 traceparent
--
-- wanted   following: what the viewer wants, type: of the event
-- author   u: the user
-- changed  follower_id, author_id if something changed
--
-- outcome, reply, mark, marks

event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.users',
           changed.author_id::text,
           wanted.type,
           row_to_json(fact),
           $3::text,
           format('v:%s', changed.follower_id)
      FROM wanted,
           changed,
           LATERAL (SELECT changed.follower_id AS "followerId",
                           changed.author_id AS "authorId") AS fact
    RETURNING mark, marks
)
SELECT CASE WHEN author.u IS NULL THEN 'not_found:profile'
            WHEN (author.u).id = $1::bigint THEN 'invalid:profile'
            ELSE 'ok'
       END AS outcome,
       CASE WHEN (author.u).id <> $1::bigint
            THEN '{"profile":'
                 || row_to_json(show_author(author.u, wanted.following))
                 || '}'
       END AS reply,
       event.mark,
       event.marks
  FROM wanted
  LEFT JOIN author ON true
  LEFT JOIN event ON true
