-- Verify auth:sessions on pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

SELECT id, user_id, created_at, expires_at, ended_at, user_agent, address
  FROM sessions
 WHERE false;

SELECT 1 / count(*)
  FROM pg_trigger
 WHERE tgname = 'password_changed'
   AND tgrelid = 'auth.passwords'::regclass;

ROLLBACK;
