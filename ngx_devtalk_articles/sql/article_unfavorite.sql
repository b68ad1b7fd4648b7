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

WITH wanted (favorited, step, type) AS (
    VALUES (false, -1, 'dev.devtalk.article.unfavorited')
), target AS MATERIALIZED (
    SELECT a
      FROM articles a
     WHERE a.id = (SELECT article_id FROM article_slugs WHERE slug = $2::text)
       FOR NO KEY UPDATE
), changed AS (
    DELETE FROM favorites f
     USING target
     WHERE f.user_id = $1::bigint
       AND f.article_id = (target.a).id
    RETURNING f.article_id
),
-- include: favorite
