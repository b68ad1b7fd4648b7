-- Effect of an event of devtalk.comments: counts the article's comments.
--
-- $1 event id
-- $2 type
-- $3 key: article id
-- $4 time
-- $5 data, JSON
--
-- repeated     true: the inbox had it, nothing was done
-- mark, marks  NULL if no article changed

WITH new AS (
    INSERT INTO inbox (event_id) VALUES ($1::uuid)
        ON CONFLICT DO NOTHING
    RETURNING event_id
), change AS MATERIALIZED (
    SELECT $3::bigint AS article_id,
           CASE $2::text
           WHEN 'dev.devtalk.comment.created' THEN 1
           WHEN 'dev.devtalk.comment.deleted' THEN -1
           END AS n
      FROM new
), changed AS (
    UPDATE articles a
       SET comments_count = a.comments_count + change.n,
           version = a.version + 1
      FROM change
     WHERE a.id = change.article_id
       AND change.n IS NOT NULL
    RETURNING a.id, pg_current_xact_id() AS mark
)
SELECT NOT EXISTS (SELECT FROM new) AS repeated,
       changed.mark,
       CASE WHEN changed.mark IS NOT NULL
            THEN format('a:%s front', changed.id)
       END AS marks
  FROM (SELECT $4::text, $5::text) AS unused
  LEFT JOIN changed ON true
