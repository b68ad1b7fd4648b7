-- The latest articles of an author; none if there is no such user.
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

WITH author AS MATERIALIZED (
    SELECT id FROM authors WHERE username = $6::text
), found AS MATERIALIZED (
    SELECT id, created_at, NULL::boolean AS followed
      FROM articles
     WHERE author_id = (SELECT id FROM author)
       AND (created_at, id) < (position_time($4::bigint),
                                position_id($5::bigint))
     ORDER BY created_at DESC, id DESC
     LIMIT $2::bigint + 1 OFFSET $3::bigint
), counted AS MATERIALIZED (
    SELECT coalesce(sum(n), 0) AS n
      FROM author_articles
     WHERE author_id = (SELECT id FROM author)
),
-- include: list
-- include: list_shared
