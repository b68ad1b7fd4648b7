-- The latest articles with a tag.
--
-- kind: read
-- $1 viewer, or null for nobody
-- $2 limit, $3 offset
-- $4 microseconds, $5 id: the position to go on behind, or null
-- $6 tag
--
-- reply  {"articles":[...],"articlesCount":...}
-- next   the position behind the last of them; NULL if no more follow
-- etag, stamp, deps, slots: without a viewer the reply can be shared

WITH found AS MATERIALIZED (
    SELECT article_id AS id, created_at, NULL::boolean AS followed
      FROM article_tags
     WHERE tag = $6::text
       AND (created_at, article_id) < (position_time($4::bigint),
                                       position_id($5::bigint))
     ORDER BY created_at DESC, article_id DESC
     LIMIT $2::bigint + 1 OFFSET $3::bigint
), counted AS MATERIALIZED (
    SELECT coalesce(sum(n), 0) AS n
      FROM counters
     WHERE kind = 'tag' AND key = $6::text
),
-- include: list
-- include: list_shared
