-- Removes events that Kafka has.
--
-- $1 bigint[]: their ids

DELETE FROM outbox WHERE id = ANY ($1::bigint[])
