-- Removes a comment.
--
-- $1 viewer
-- $2 slug, also an old one
-- $3 comment id
-- $4 traceparent
--
-- outcome  ok, not_found:article, not_found:comment, forbidden:comment
-- mark, marks

WITH
-- include: target
gone AS (
    DELETE FROM comments c
     USING thread
     WHERE c.id = $3::bigint
       AND c.article_id = thread.article_id
    RETURNING c.id, c.article_id, c.author_id
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.comments',
           gone.article_id::text,
           'dev.devtalk.comment.deleted',
           row_to_json(fact),
           $4::text,
           format('c:%s', gone.article_id)
      FROM gone,
           LATERAL (SELECT gone.id,
                           gone.article_id AS "articleId",
                           gone.author_id AS "authorId") AS fact
    RETURNING mark, marks
)
SELECT CASE WHEN event.mark IS NOT NULL THEN 'ok'
            WHEN article.id IS NULL THEN 'not_found:article'
            WHEN target.author_id <> $1::bigint THEN 'forbidden:comment'
            ELSE 'not_found:comment'
       END AS outcome,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN article ON true
  LEFT JOIN target ON true
  LEFT JOIN event ON true
