-- Effect of an event of devtalk.articles: a deleted article's thread is
-- closed for good, and its comments go, each with an event (by the trigger
-- of threads).  A comment that is being written meanwhile either is there
-- before, and goes with the others, or finds the thread closed.
--
-- $1 event id
-- $2 type
-- $3 key: article id
-- $4 time
-- $5 data, JSON
--
-- repeated     true: the inbox had it, nothing was done
-- mark, marks  NULL if nothing changed

WITH new AS (
    INSERT INTO inbox (event_id) VALUES ($1::uuid)
        ON CONFLICT DO NOTHING
    RETURNING event_id
), closed AS (
    INSERT INTO threads AS t (article_id, closed)
    SELECT $3::bigint, true
      FROM new
     WHERE $2::text = 'dev.devtalk.article.deleted'
        ON CONFLICT (article_id) DO UPDATE
       SET closed = true,
           version = t.version + 1
    RETURNING t.article_id, pg_current_xact_id() AS mark
)
SELECT NOT EXISTS (SELECT FROM new) AS repeated,
       closed.mark,
       CASE WHEN closed.mark IS NOT NULL
            THEN format('c:%s', closed.article_id)
       END AS marks
  FROM (SELECT $4::text, $5::text) AS unused
  LEFT JOIN closed ON true
