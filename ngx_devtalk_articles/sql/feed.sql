-- The latest articles of those whom the viewer follows.
--
-- kind: read
-- lane: slow
-- $1 viewer
-- $2 limit, $3 offset
-- $4 microseconds, $5 id: the position to go on behind, or null
--
-- reply  {"articles":[...],"articlesCount":...}
-- next   the position behind the last of them; NULL if no more follow
--
-- Reads the head of each author's list and merges them: it costs as much as
-- authors are followed, however many articles there are.

WITH followed AS MATERIALIZED (
    SELECT author_id FROM follows WHERE follower_id = $1::bigint
), found AS MATERIALIZED (
    SELECT head.id, head.created_at, true AS followed
      FROM followed,
           LATERAL (SELECT a.id, a.created_at
                      FROM articles a
                     WHERE a.author_id = followed.author_id
                       AND (a.created_at, a.id)
                           < (position_time($4::bigint),
                              position_id($5::bigint))
                     ORDER BY a.created_at DESC, a.id DESC
                     LIMIT $2::bigint + $3::bigint + 1) AS head
     ORDER BY head.created_at DESC, head.id DESC
     LIMIT $2::bigint + 1 OFFSET $3::bigint
), counted AS MATERIALIZED (
    SELECT coalesce(sum(counter.n), 0) AS n
      FROM followed,
           LATERAL (SELECT sum(n) AS n
                      FROM counters
                     WHERE kind = 'author'
                       AND key = followed.author_id::text) AS counter
),
-- include: list
SELECT reply, next FROM list
