-- Wakes the relay of this schema, wherever it is: rows wait in the outbox.
--
-- kind: read
--
-- It changes nothing, and must not count as a write: a pool's write is what
-- it follows.

SELECT pg_notify(current_schema() || '_outbox', '')
