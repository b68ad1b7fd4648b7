-- Verify auth:events on pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

SELECT id, event_id, topic, key, type, data, traceparent, marks, mark,
       created_at
  FROM outbox
 WHERE false;

SELECT event_id, received_at FROM inbox WHERE false;

SELECT 1 / count(*)
  FROM pg_tables
 WHERE schemaname = 'auth' AND tablename = 'outbox'
   AND tableowner = 'devtalk_auth';

ROLLBACK;
