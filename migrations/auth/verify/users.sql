-- Verify auth:users on pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

INSERT INTO users (email, username)
VALUES ('Verify@example.invalid', 'Verify-1e7b0c54');

INSERT INTO users (email, username)
VALUES ('verify@EXAMPLE.invalid', 'verify-other-1e7b0c54')
    ON CONFLICT (lower(email)) DO NOTHING;

INSERT INTO users (email, username)
VALUES ('verify-other@example.invalid', 'VERIFY-1e7b0c54')
    ON CONFLICT (lower(username)) DO NOTHING;

SELECT 1 / (count(*) = 1)::integer
  FROM users
 WHERE lower(email) LIKE 'verify%@example.invalid';

INSERT INTO passwords (user_id, hash)
SELECT id, '' FROM users WHERE username = 'Verify-1e7b0c54';

ROLLBACK;
