-- The comments of an article that are older than a position, the newest
-- first.
--
-- kind: read
-- $1 slug, also an old one
-- $2 viewer, or null for nobody
-- $3 limit
-- $4 microseconds (not used: ids are in the order of time), $5 id: the
--    position to go on behind, or null
--
-- No row: there is no such article.
-- reply  {"comments":[...]}
-- next   the position behind the last of them; NULL if there are no more

WITH article AS MATERIALIZED (
    SELECT id FROM articles WHERE slug = $1::text
), page AS MATERIALIZED (
    SELECT id, created_at, row_number() OVER (ORDER BY id DESC) AS place
      FROM (SELECT id, created_at
              FROM comments
             WHERE article_id = (SELECT id FROM article)
               AND id < coalesce($5::bigint, 9223372036854775807)
             ORDER BY id DESC
             LIMIT $3::bigint + 1) AS older
), shown AS MATERIALIZED (
    SELECT page.place, one.comment
      FROM page,
           LATERAL (SELECT show_comment(c, u,
                               EXISTS (SELECT
                                         FROM follows f
                                        WHERE f.follower_id = $2::bigint
                                          AND f.author_id = u.id)) AS comment
                      FROM comments c
                      JOIN authors u ON u.id = c.author_id
                     WHERE c.id = page.id
                     LIMIT 1) AS one
     WHERE page.place <= $3::bigint
), list AS MATERIALIZED (
    SELECT '{"comments":['
           || coalesce(string_agg(comment::text, ',' ORDER BY place), '')
           || ']}' AS reply
      FROM shown
)
SELECT list.reply,
       (SELECT list_position(created_at, id)
          FROM page
         WHERE place = $3::bigint
           AND EXISTS (SELECT FROM page WHERE place > $3::bigint)) AS next
  FROM article, list, (SELECT $4::bigint) AS unused
