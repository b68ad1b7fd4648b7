-- The viewer does not like an article any more; nothing changes if he did
-- not.
--
-- $1 viewer
-- $2 slug, also an old one
-- $3 traceparent
--
-- outcome  ok, not_found:article
-- reply    {"article":...} as the viewer sees it
-- etag
-- mark, marks  NULL if nothing changed: no event then either

WITH target AS MATERIALIZED (
    SELECT a
      FROM articles a
     WHERE a.id = (SELECT article_id FROM article_slugs WHERE slug = $2::text)
       FOR NO KEY UPDATE
), removed AS (
    DELETE FROM favorites f
     USING target
     WHERE f.user_id = $1::bigint
       AND f.article_id = (target.a).id
    RETURNING f.article_id
), changed AS (
    UPDATE articles a
       SET favorites_count = a.favorites_count - 1,
           version = a.version + 1
      FROM removed
     WHERE a.id = removed.article_id
    RETURNING a
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.articles',
           fact."articleId"::text,
           'dev.devtalk.article.unfavorited',
           row_to_json(fact),
           $3::text,
           format('a:%s front', fact."articleId")
      FROM changed,
           LATERAL (SELECT (changed.a).id AS "articleId",
                           (changed.a).slug,
                           (changed.a).author_id AS "authorId",
                           $1::bigint AS "userId",
                           (changed.a).favorites_count AS "favoritesCount")
           AS fact
    RETURNING mark, marks
), shown AS MATERIALIZED (
    SELECT coalesce(changed.a, target.a) AS a
      FROM target
      LEFT JOIN changed ON true
)
SELECT CASE WHEN shown.a IS NULL THEN 'not_found:article'
            ELSE 'ok'
       END AS outcome,
       CASE WHEN shown.a IS NOT NULL
            THEN '{"article":'
                 || show_article(shown.a, u, false,
                                 EXISTS (SELECT
                                           FROM follows f
                                          WHERE f.follower_id = $1::bigint
                                            AND f.author_id = u.id))
                 || '}'
       END AS reply,
       (shown.a).version || '-' || u.version AS etag,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN shown ON true
  LEFT JOIN authors u ON u.id = (shown.a).author_id
  LEFT JOIN event ON true
