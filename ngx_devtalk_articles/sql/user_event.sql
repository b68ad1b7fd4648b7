-- Effect of an event of devtalk.users.  Users are read where they are, so
-- there is nothing to keep; what was cached with the user in it is not good
-- any more.  With a deleted user go the articles, favorites and follows, each
-- article with an event (by the trigger of departures).
--
-- lane: slow
-- $1 event id
-- $2 type
-- $3 key: user id
-- $4 time
-- $5 data, JSON
--
-- repeated     true: the inbox had it
-- mark, marks  NULL if the event changes nothing that shows

WITH new AS (
    INSERT INTO inbox (event_id) VALUES ($1::uuid)
        ON CONFLICT DO NOTHING
    RETURNING pg_current_xact_id() AS mark
), departed AS (
    INSERT INTO departures (user_id)
    SELECT $3::bigint
      FROM new
     WHERE $2::text = 'dev.devtalk.user.deleted'
        ON CONFLICT DO NOTHING
)
SELECT new.mark IS NULL AS repeated,
       changed.mark,
       changed.marks
  FROM (SELECT $4::text, $5::text) AS unused
  LEFT JOIN new ON true
  LEFT JOIN LATERAL (SELECT new.mark,
                            format('u:%s users', $3::bigint) AS marks
                      WHERE $2::text IN ('dev.devtalk.user.updated',
                                         'dev.devtalk.user.deleted')
                        AND new.mark IS NOT NULL) AS changed ON true
