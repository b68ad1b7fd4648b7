-- The comments of an article as everybody sees them, the newest first, at
-- most 250: following is false.
--
-- kind: read
-- $1 slug, also an old one
--
-- No row: there is no such article.
-- reply  {"comments":[...]}
-- next   the position behind the last of them for comments_before; NULL if
--        there are no more
-- etag, stamp, deps, slots

WITH article AS MATERIALIZED (
    SELECT id FROM articles WHERE slug = $1::text
), page AS MATERIALIZED (
    SELECT id, created_at, row_number() OVER (ORDER BY id DESC) AS place
      FROM (SELECT id, created_at
              FROM comments
             WHERE article_id = (SELECT id FROM article)
             ORDER BY id DESC
             LIMIT 251) AS newest
), shown AS MATERIALIZED (
    SELECT page.place, one.author_id, one.comment
      FROM page,
           LATERAL (SELECT c.author_id, show_comment(c, u, false) AS comment
                      FROM comments c
                      JOIN authors u ON u.id = c.author_id
                     WHERE c.id = page.id
                     LIMIT 1) AS one
     WHERE page.place <= 250
), list AS MATERIALIZED (
    SELECT '{"comments":['
           || coalesce(string_agg(comment::text, ',' ORDER BY place), '')
           || ']}' AS reply,
           string_agg(format('o%s', author_id), ' ' ORDER BY place) AS slots
      FROM shown
)
SELECT list.reply,
       md5(list.reply) AS etag,
       pg_snapshot_xmin(pg_current_snapshot())::text AS stamp,
       format('c:%s users', article.id) AS deps,
       list.slots,
       (SELECT list_position(created_at, id)
          FROM page
         WHERE place = 250
           AND EXISTS (SELECT FROM page WHERE place > 250)) AS next
  FROM article, list
