-- The latest articles that a user favorited; none if there is no such user.
--
-- kind: read
-- $1 viewer, or null for nobody
-- $2 limit, $3 offset
-- $4 microseconds, $5 id: the position to go on behind, or null
-- $6 username
--
-- reply  {"articles":[...],"articlesCount":...}
-- next   the position behind the last of them; NULL if no more follow
-- etag, stamp, deps, slots: without a viewer the reply can be shared

WITH reader AS MATERIALIZED (
    SELECT id FROM authors WHERE username = $6::text
), found AS MATERIALIZED (
    SELECT article_id AS id, article_created_at AS created_at,
           NULL::boolean AS followed
      FROM favorites
     WHERE user_id = (SELECT id FROM reader)
       AND (article_created_at, article_id) < (position_time($4::bigint),
                                               position_id($5::bigint))
     ORDER BY article_created_at DESC, article_id DESC
     LIMIT $2::bigint + 1 OFFSET $3::bigint
), counted AS MATERIALIZED (
    SELECT coalesce(sum(n), 0) AS n
      FROM counters
     WHERE kind = 'favorited' AND key = (SELECT id::text FROM reader)
),
-- include: list
-- include: list_shared
