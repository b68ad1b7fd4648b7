-- The latest articles that match two or three filters.
--
-- kind: read
-- lane: slow
-- $1 tag, or null
-- $2 author: username, or null
-- $3 favorited: username, or null; $2 or $3 must be given
-- $4 viewer, or null for nobody
-- $5 limit, $6 offset
-- $7 microseconds, $8 id: the position to go on behind, or null
--
-- reply  {"articles":[...],"articlesCount":...}
-- next   the position behind the last of them; NULL if no more follow
-- etag, stamp, deps, slots: without a viewer the reply can be shared
--
-- Reads what the author wrote, or else what the reader favorited, and counts
-- what matches: it costs as much as one person did, however many articles
-- there are.

WITH author AS MATERIALIZED (
    SELECT id FROM authors WHERE username = $2::text
), reader AS MATERIALIZED (
    SELECT id FROM authors WHERE username = $3::text
), candidate AS MATERIALIZED (
    SELECT id, created_at
      FROM articles
     WHERE $2::text IS NOT NULL
       AND author_id = (SELECT id FROM author)
     UNION ALL
    SELECT article_id, article_created_at
      FROM favorites
     WHERE $2::text IS NULL
       AND user_id = (SELECT id FROM reader)
), matching AS MATERIALIZED (
    SELECT c.id, c.created_at
      FROM candidate c
     WHERE ($1::text IS NULL
            OR (SELECT true
                  FROM article_tags t
                 WHERE t.article_id = c.id
                   AND t.tag = $1::text))
       AND ($2::text IS NULL
            OR $3::text IS NULL
            OR (SELECT true
                  FROM favorites f
                 WHERE f.user_id = (SELECT id FROM reader)
                   AND f.article_id = c.id))
), found AS MATERIALIZED (
    SELECT id, created_at
      FROM matching
     WHERE (created_at, id) < (position_time($7::bigint),
                                position_id($8::bigint))
     ORDER BY created_at DESC, id DESC
     LIMIT $5::bigint + 1 OFFSET $6::bigint
), page AS MATERIALIZED (
    SELECT id, created_at,
           row_number() OVER (ORDER BY created_at DESC, id DESC) AS place
      FROM found
), shown AS MATERIALIZED (
    SELECT page.place, card.author_id, page.id, card.card
      FROM page,
           LATERAL (SELECT a.author_id,
                           show_card(a, u,
                                     EXISTS (SELECT
                                               FROM favorites f
                                              WHERE f.user_id = $4::bigint
                                                AND f.article_id = a.id),
                                     EXISTS (SELECT
                                               FROM follows f
                                              WHERE f.follower_id = $4::bigint
                                                AND f.author_id = u.id)) AS card
                      FROM articles a
                      JOIN authors u ON u.id = a.author_id
                     WHERE a.id = page.id
                     LIMIT 1) AS card
     WHERE page.place <= $5::bigint
), list AS MATERIALIZED (
    SELECT '{"articles":['
           || coalesce(string_agg(card::text, ',' ORDER BY place), '')
           || '],"articlesCount":'
           || (SELECT count(*) FROM matching)
           || '}' AS reply,
           string_agg(format('f%s o%s', id, author_id), ' ' ORDER BY place)
               AS slots
      FROM shown
)
SELECT list.reply,
       md5(list.reply) AS etag,
       pg_snapshot_xmin(pg_current_snapshot())::text AS stamp,
       'front users' AS deps,
       list.slots,
       (SELECT list_position(created_at, id)
          FROM page
         WHERE place = $5::bigint
           AND EXISTS (SELECT FROM page WHERE place > $5::bigint)) AS next
  FROM list
