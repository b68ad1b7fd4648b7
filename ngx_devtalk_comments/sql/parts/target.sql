-- The comment that is to be changed, and its thread, locked if the viewer may
-- change it.
--
-- $1 viewer
-- $2 slug, also an old one
-- $3 comment id

article AS MATERIALIZED (
    SELECT id FROM articles WHERE slug = $2::text
), target AS MATERIALIZED (
    SELECT c.id, c.article_id, c.author_id
      FROM comments c
     WHERE c.id = $3::bigint
       AND c.article_id = (SELECT id FROM article)
), thread AS MATERIALIZED (
    SELECT t.article_id
      FROM threads t
     WHERE t.article_id = (SELECT article_id
                             FROM target
                            WHERE author_id = $1::bigint)
       AND NOT t.closed
       FOR NO KEY UPDATE
),
