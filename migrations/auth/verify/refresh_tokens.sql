-- Verify auth:refresh_tokens on pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

INSERT INTO users (email, username)
VALUES ('verify@example.invalid', 'Verify-a81f03c6');

INSERT INTO passwords (user_id, hash)
SELECT id, '' FROM users WHERE username = 'Verify-a81f03c6';

INSERT INTO sessions (user_id, expires_at, refreshable_until)
SELECT id, now() - interval '1 minute', now() + interval '1 day'
  FROM users
 WHERE username = 'Verify-a81f03c6';

INSERT INTO refresh_tokens (hash, session_id)
SELECT sha256('verify'), s.id
  FROM sessions s
  JOIN users u ON u.id = s.user_id
 WHERE u.username = 'Verify-a81f03c6';

DELETE FROM passwords
 WHERE user_id = (SELECT id FROM users WHERE username = 'Verify-a81f03c6');

SELECT 1 / (count(*) = 1)::integer
  FROM users u
  JOIN sessions s ON s.user_id = u.id
 WHERE u.username = 'Verify-a81f03c6'
   AND s.ended_at IS NOT NULL
   AND s.seen_at = now();

ROLLBACK;
