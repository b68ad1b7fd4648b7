-- Removes an article with its slugs, tags and favorites; its comments go by
-- the event.
--
-- lane: slow
-- $1 viewer
-- $2 slug, also an old one
-- $3 traceparent
-- $4 text[]: entity tags, one of which has to be the article's; null: any
--
-- outcome  ok, not_found:article, forbidden:article, stale:article
-- mark, marks
--
-- Slow, because a popular article takes many favorites along.

WITH target AS MATERIALIZED (
    SELECT a.id, a.author_id
      FROM article_slugs s
      JOIN articles a ON a.id = s.article_id
     WHERE s.slug = $2::text
), locked AS MATERIALIZED (
    SELECT a.id, a.version
      FROM articles a
     WHERE a.id = (SELECT id FROM target WHERE author_id = $1::bigint)
       FOR UPDATE
), gone AS (
    DELETE FROM articles a
     USING locked, authors u
     WHERE a.id = locked.id
       AND u.id = $1::bigint
       AND etag_in($4::text[], locked.version || '-' || u.version)
    RETURNING a.id, a.slug, a.author_id, a.tags
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.articles',
           gone.id::text,
           'dev.devtalk.article.deleted',
           row_to_json(fact),
           $3::text,
           format('a:%s front c:%s', gone.id, gone.id)
           || CASE WHEN gone.tags <> '{}' THEN ' tags' ELSE '' END
      FROM gone,
           LATERAL (SELECT gone.id,
                           gone.slug,
                           gone.author_id AS "authorId") AS fact
    RETURNING mark, marks
)
SELECT CASE WHEN event.mark IS NOT NULL THEN 'ok'
            WHEN target.author_id <> $1::bigint THEN 'forbidden:article'
            WHEN locked.id IS NOT NULL THEN 'stale:article'
            ELSE 'not_found:article'
       END AS outcome,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN target ON true
  LEFT JOIN locked ON true
  LEFT JOIN event ON true
