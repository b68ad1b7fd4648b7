-- The oldest events that wait for Kafka, in the order in which they must go.
--
-- kind: read
-- $1 at most so many
--
-- id, event_id, topic, key, type, data, traceparent (or NULL), marks, mark,
-- created_at (RFC 3339): of each.
--
-- Events of one aggregate come in the order of their commits: their writers
-- hold the aggregate's row when they draw an id.  Between aggregates an id
-- may still appear below those that were seen already, so there is no "after
-- the last one": the rows that are delivered have to be deleted.

SELECT id,
       event_id,
       topic,
       key,
       type,
       data,
       traceparent,
       marks,
       mark,
       to_char(created_at AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at
  FROM outbox
 ORDER BY outbox.id
 LIMIT $1::bigint
