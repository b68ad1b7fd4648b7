-- The latest articles that match two or three filters.
--
-- kind: read
-- lane: slow
-- $1 viewer, or null for nobody
-- $2 limit, $3 offset
-- $4 microseconds, $5 id: the position to go on behind, or null
-- $6 tag, or null
-- $7 author: username, or null
-- $8 favorited: username, or null; $7 or $8 must be given
--
-- reply  {"articles":[...],"articlesCount":...}
-- next   the position behind the last of them; NULL if no more follow
-- etag, stamp, deps, slots: without a viewer the reply can be shared
--
-- Reads what the author wrote, or else what the reader favorited, and counts
-- what matches: it costs as much as one person did, however many articles
-- there are.

WITH author AS MATERIALIZED (
    SELECT id FROM authors WHERE username = $7::text
), reader AS MATERIALIZED (
    SELECT id FROM authors WHERE username = $8::text
), candidate AS MATERIALIZED (
    SELECT id, created_at
      FROM articles
     WHERE $7::text IS NOT NULL
       AND author_id = (SELECT id FROM author)
     UNION ALL
    SELECT article_id, article_created_at
      FROM favorites
     WHERE $7::text IS NULL
       AND user_id = (SELECT id FROM reader)
), matching AS MATERIALIZED (
    SELECT c.id, c.created_at
      FROM candidate c
     WHERE ($6::text IS NULL
            OR (SELECT true
                  FROM article_tags t
                 WHERE t.article_id = c.id
                   AND t.tag = $6::text))
       AND ($7::text IS NULL
            OR $8::text IS NULL
            OR (SELECT true
                  FROM favorites f
                 WHERE f.user_id = (SELECT id FROM reader)
                   AND f.article_id = c.id))
), found AS MATERIALIZED (
    SELECT id, created_at, NULL::boolean AS followed
      FROM matching
     WHERE (created_at, id) < (position_time($4::bigint),
                                position_id($5::bigint))
     ORDER BY created_at DESC, id DESC
     LIMIT $2::bigint + 1 OFFSET $3::bigint
), counted AS MATERIALIZED (
    SELECT count(*) AS n FROM matching
),
-- include: list
-- include: list_shared
