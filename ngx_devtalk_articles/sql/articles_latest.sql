-- The latest articles.
--
-- kind: read
-- $1 viewer, or null for nobody
-- $2 limit, $3 offset
-- $4 microseconds, $5 id: the position to go on behind, or null
--
-- reply  {"articles":[...],"articlesCount":...}
-- next   the position behind the last of them; NULL if no more follow
-- etag, stamp, deps, slots: without a viewer the reply can be shared

WITH found AS MATERIALIZED (
    SELECT id, created_at, NULL::boolean AS followed
      FROM articles
     WHERE (created_at, id) < (position_time($4::bigint),
                                position_id($5::bigint))
     ORDER BY created_at DESC, id DESC
     LIMIT $2::bigint + 1 OFFSET $3::bigint
), counted AS MATERIALIZED (
    SELECT coalesce(sum(n), 0) AS n
      FROM counters
     WHERE kind = 'total' AND key = ''
),
-- include: list
-- include: list_shared
