-- The viewer likes an article; liking it again changes nothing.
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
    VALUES (true, 1, 'dev.devtalk.article.favorited')
), target AS MATERIALIZED (
    SELECT a
      FROM articles a
     WHERE a.id = (SELECT article_id FROM article_slugs WHERE slug = $2::text)
       FOR NO KEY UPDATE
), changed AS (
    INSERT INTO favorites (user_id, article_id, article_created_at)
    SELECT $1::bigint, (target.a).id, (target.a).created_at FROM target
        ON CONFLICT DO NOTHING
    RETURNING article_id
),
-- include: favorite
