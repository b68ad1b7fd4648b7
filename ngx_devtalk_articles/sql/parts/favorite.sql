-- What follows from a favorite that was added or removed.
--
-- $1 viewer
-- $3 traceparent
--
-- wanted   favorited: what the viewer wants, step: of the count, type: of the
--          event
-- target   a: the article, locked
-- changed  article_id: the article if something changed
--
-- outcome, reply, etag, mark, marks

counted AS (
    UPDATE articles a
       SET favorites_count = a.favorites_count + wanted.step,
           version = a.version + 1
      FROM changed, wanted
     WHERE a.id = changed.article_id
    RETURNING a
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.articles',
           fact."articleId"::text,
           wanted.type,
           row_to_json(fact),
           $3::text,
           format('a:%s front v:%s', fact."articleId", fact."userId")
      FROM wanted,
           counted,
           LATERAL (SELECT (counted.a).id AS "articleId",
                           (counted.a).slug,
                           (counted.a).author_id AS "authorId",
                           $1::bigint AS "userId",
                           (counted.a).favorites_count AS "favoritesCount")
           AS fact
    RETURNING mark, marks
), shown AS MATERIALIZED (
    SELECT coalesce(counted.a, target.a) AS a
      FROM target
      LEFT JOIN counted ON true
)
SELECT CASE WHEN shown.a IS NULL THEN 'not_found:article'
            ELSE 'ok'
       END AS outcome,
       CASE WHEN shown.a IS NOT NULL
            THEN '{"article":'
                 || show_article(shown.a, u, wanted.favorited,
                                 EXISTS (SELECT
                                           FROM follows f
                                          WHERE f.follower_id = $1::bigint
                                            AND f.author_id = u.id))
                 || '}'
       END AS reply,
       (shown.a).version || '-' || u.version AS etag,
       event.mark,
       event.marks
  FROM wanted
  LEFT JOIN shown ON true
  LEFT JOIN authors u ON u.id = (shown.a).author_id
  LEFT JOIN event ON true
