-- An article as everybody sees it: favorited and following are false.
--
-- kind: point read
-- $1 slug
--
-- No row: there is no such article.
-- reply     {"article":...}; NULL when the slug is an old one
-- location  the current slug when $1 is an old one
-- etag, stamp, deps, slots

SELECT CASE WHEN a.slug = s.slug
            THEN '{"article":' || show_article(a, u, false, false) || '}'
       END AS reply,
       CASE WHEN a.slug <> s.slug THEN a.slug END AS location,
       a.version || '-' || u.version AS etag,
       pg_snapshot_xmin(pg_current_snapshot())::text AS stamp,
       format('a:%s u:%s', a.id, u.id) AS deps,
       format('f%s o%s', a.id, u.id) AS slots
  FROM article_slugs s
  JOIN articles a ON a.id = s.article_id
  JOIN authors u ON u.id = a.author_id
 WHERE s.slug = $1::text
