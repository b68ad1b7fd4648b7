-- Verify auth:deletion on pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

INSERT INTO users (email, username)
VALUES ('verify@example.invalid', 'Verify-5d20c9e1');

INSERT INTO passwords (user_id, hash)
SELECT id, '' FROM users WHERE username = 'Verify-5d20c9e1';

INSERT INTO sessions (user_id, expires_at)
SELECT id, now() + interval '1 minute'
  FROM users
 WHERE username = 'Verify-5d20c9e1';

DELETE FROM passwords
 WHERE user_id = (SELECT id FROM users WHERE username = 'Verify-5d20c9e1');

SELECT 1 / (count(*) = 1)::integer
  FROM users u
  JOIN sessions s ON s.user_id = u.id
 WHERE u.username = 'Verify-5d20c9e1'
   AND s.ended_at IS NOT NULL;

UPDATE users
   SET deleted_at = now(), email = NULL, username = NULL
 WHERE username = 'Verify-5d20c9e1';

SELECT 1 / (count(*) = 0)::integer
  FROM public_users
 WHERE username IS NULL;

ROLLBACK;
