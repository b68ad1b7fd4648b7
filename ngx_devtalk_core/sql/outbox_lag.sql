-- How far Kafka is behind.
--
-- kind: read
-- lane: slow
--
-- rows  events that wait; counted to 100000 only
-- age   milliseconds since the oldest of them was written, 0 if there is none

SELECT count(*) AS rows,
       coalesce(ceil(extract(epoch FROM clock_timestamp() - min(created_at))
                     * 1000), 0)::bigint AS age
  FROM (SELECT created_at FROM outbox ORDER BY id LIMIT 100000) AS waiting
