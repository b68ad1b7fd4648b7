-- Forgets events that came so long ago that Kafka does not hold them any
-- more, a thousand at a time.
--
-- $1 days to keep; more than the topics' retention

DELETE FROM inbox
 WHERE event_id IN (SELECT event_id
                      FROM inbox
                     WHERE received_at < now() - $1::integer
                                                 * interval '1 day'
                     ORDER BY received_at
                     LIMIT 1000)
