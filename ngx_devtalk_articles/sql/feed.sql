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
    SELECT head.id, head.created_at
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
), page AS MATERIALIZED (
    SELECT id, created_at,
           row_number() OVER (ORDER BY created_at DESC, id DESC) AS place
      FROM found
), shown AS MATERIALIZED (
    SELECT page.place, card.card
      FROM page,
           LATERAL (SELECT show_card(a, u,
                                     EXISTS (SELECT
                                               FROM favorites f
                                              WHERE f.user_id = $1::bigint
                                                AND f.article_id = a.id),
                                     true) AS card
                      FROM articles a
                      JOIN authors u ON u.id = a.author_id
                     WHERE a.id = page.id
                     LIMIT 1) AS card
     WHERE page.place <= $2::bigint
), list AS MATERIALIZED (
    SELECT '{"articles":['
           || coalesce(string_agg(card::text, ',' ORDER BY place), '')
           || '],"articlesCount":'
           || (SELECT coalesce(sum(counter.n), 0)
                 FROM followed,
                      LATERAL (SELECT sum(n) AS n
                                 FROM counters
                                WHERE kind = 'author'
                                  AND key = followed.author_id::text)
                      AS counter)
           || '}' AS reply
      FROM shown
)
SELECT list.reply,
       (SELECT list_position(created_at, id)
          FROM page
         WHERE place = $2::bigint
           AND EXISTS (SELECT FROM page WHERE place > $2::bigint)) AS next
  FROM list
