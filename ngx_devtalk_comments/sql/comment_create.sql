-- Adds a comment to an article.
--
-- $1 viewer
-- $2 slug, also an old one
-- $3 body
-- $4 traceparent
--
-- outcome  ok, not_found:article, unauthorized:token (the viewer is gone)
-- reply    {"comment":...} as the viewer sees it
-- mark, marks
--
-- The thread's row is locked before the event's id is drawn.  A thread that
-- the article's deletion closed takes no more comments.

WITH article AS MATERIALIZED (
    SELECT id FROM articles WHERE slug = $2::text
), author AS MATERIALIZED (
    SELECT u FROM authors u WHERE u.id = $1::bigint
), thread AS (
    INSERT INTO threads AS t (article_id)
    SELECT article.id FROM article, author
        ON CONFLICT (article_id) DO UPDATE
       SET version = t.version + 1
     WHERE NOT t.closed
    RETURNING article_id
), comment AS (
    INSERT INTO comments (article_id, author_id, body)
    SELECT thread.article_id, $1::bigint, $3::text FROM thread
    RETURNING comments AS c
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.comments',
           (comment.c).article_id::text,
           'dev.devtalk.comment.created',
           tell_comment(comment.c, author.u, $2::text),
           $4::text,
           format('c:%s', (comment.c).article_id)
      FROM comment, author
    RETURNING mark, marks
)
SELECT CASE WHEN event.mark IS NOT NULL THEN 'ok'
            WHEN author.u IS NULL THEN 'unauthorized:token'
            ELSE 'not_found:article'
       END AS outcome,
       CASE WHEN event.mark IS NOT NULL
            THEN '{"comment":'
                 || show_comment(comment.c, author.u, false)
                 || '}'
       END AS reply,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN author ON true
  LEFT JOIN comment ON true
  LEFT JOIN event ON true
