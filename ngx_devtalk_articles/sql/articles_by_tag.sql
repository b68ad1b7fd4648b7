-- The latest articles with a tag.
--
-- kind: read
-- $1 tag
-- $2 viewer, or null for nobody
-- $3 limit, $4 offset
-- $5 microseconds, $6 id: the position to go on behind, or null
--
-- reply  {"articles":[...],"articlesCount":...}
-- next   the position behind the last of them; NULL if no more follow
-- etag, stamp, deps, slots: without a viewer the reply can be shared

WITH found AS MATERIALIZED (
    SELECT article_id AS id, created_at
      FROM article_tags
     WHERE tag = $1::text
       AND (created_at, article_id) < (position_time($5::bigint),
                                position_id($6::bigint))
     ORDER BY created_at DESC, article_id DESC
     LIMIT $3::bigint + 1 OFFSET $4::bigint
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
                                              WHERE f.user_id = $2::bigint
                                                AND f.article_id = a.id),
                                     EXISTS (SELECT
                                               FROM follows f
                                              WHERE f.follower_id = $2::bigint
                                                AND f.author_id = u.id)) AS card
                      FROM articles a
                      JOIN authors u ON u.id = a.author_id
                     WHERE a.id = page.id
                     LIMIT 1) AS card
     WHERE page.place <= $3::bigint
), list AS MATERIALIZED (
    SELECT '{"articles":['
           || coalesce(string_agg(card::text, ',' ORDER BY place), '')
           || '],"articlesCount":'
           || (SELECT coalesce(sum(n), 0)
                 FROM counters
                WHERE kind = 'tag' AND key = $1::text)
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
         WHERE place = $3::bigint
           AND EXISTS (SELECT FROM page WHERE place > $3::bigint)) AS next
  FROM list
