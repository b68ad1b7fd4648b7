-- Verify auth:published on pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

SELECT id, username, bio, image, version FROM public_users WHERE false;

-- The readers see this, and not what is behind it.
SELECT 1 / (has_table_privilege(reader, 'auth.public_users', 'SELECT')
            AND NOT has_table_privilege(reader, 'auth.users', 'SELECT')
            AND NOT has_table_privilege(reader, 'auth.passwords', 'SELECT')
            AND NOT has_table_privilege(reader, 'auth.sessions', 'SELECT')
           )::integer
  FROM (VALUES ('devtalk_articles'), ('devtalk_comments')) AS r (reader);

ROLLBACK;
