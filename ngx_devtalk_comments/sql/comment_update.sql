-- Changes a comment.
--
-- $1 viewer
-- $2 slug, also an old one
-- $3 comment id
-- $4 body
-- $5 traceparent
--
-- outcome  ok, not_found:article, not_found:comment, forbidden:comment
-- reply    {"comment":...} as the viewer sees it
-- mark, marks

WITH
-- include: target
comment AS (
    UPDATE comments c
       SET body = $4::text,
           version = c.version + 1,
           updated_at = greatest(clock_timestamp(), c.updated_at)
      FROM thread
     WHERE c.id = $3::bigint
       AND c.article_id = thread.article_id
    RETURNING c
), author AS MATERIALIZED (
    SELECT u FROM authors u WHERE u.id = $1::bigint
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.comments',
           (comment.c).article_id::text,
           'dev.devtalk.comment.updated',
           tell_comment(comment.c, author.u, $2::text),
           $5::text,
           format('c:%s', (comment.c).article_id)
      FROM comment, author
    RETURNING mark, marks
)
SELECT CASE WHEN event.mark IS NOT NULL THEN 'ok'
            WHEN article.id IS NULL THEN 'not_found:article'
            WHEN target.author_id <> $1::bigint THEN 'forbidden:comment'
            ELSE 'not_found:comment'
       END AS outcome,
       CASE WHEN event.mark IS NOT NULL
            THEN '{"comment":'
                 || show_comment(comment.c, author.u, false)
                 || '}'
       END AS reply,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN article ON true
  LEFT JOIN target ON true
  LEFT JOIN author ON true
  LEFT JOIN comment ON true
  LEFT JOIN event ON true
