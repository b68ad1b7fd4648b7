-- What a list's statement shows of what it found.
--
-- $1 viewer, or null for nobody
-- $2 limit
--
-- found    id, created_at, followed: that the viewer follows the author, or
--          null to look it up; up to one more than the limit
-- counted  n: articles in the whole list
--
-- list     reply, slots
--          next: the position behind the last of them, NULL if no more follow

page AS MATERIALIZED (
    SELECT id, created_at, followed,
           row_number() OVER (ORDER BY created_at DESC, id DESC) AS place
      FROM found
), shown AS MATERIALIZED (
    SELECT page.place, card.author_id, page.id, card.card
      FROM page,
           LATERAL (SELECT a.author_id,
                           show_card(a, u,
                               EXISTS (SELECT
                                         FROM favorites f
                                        WHERE f.user_id = $1::bigint
                                          AND f.article_id = a.id),
                               coalesce(page.followed,
                                   EXISTS (SELECT
                                             FROM follows f
                                            WHERE f.follower_id = $1::bigint
                                              AND f.author_id = u.id)))
                           AS card
                      FROM articles a
                      JOIN authors u ON u.id = a.author_id
                     WHERE a.id = page.id
                     LIMIT 1) AS card
     WHERE page.place <= $2::bigint
), list AS MATERIALIZED (
    SELECT '{"articles":['
           || coalesce(string_agg(card::text, ',' ORDER BY place), '')
           || '],"articlesCount":'
           || (SELECT n FROM counted)
           || '}' AS reply,
           string_agg(format('f%s o%s', id, author_id), ' ' ORDER BY place)
               AS slots,
           (SELECT list_position(created_at, id)
              FROM page
             WHERE place = $2::bigint
               AND EXISTS (SELECT FROM page WHERE place > $2::bigint)) AS next
      FROM shown
)
