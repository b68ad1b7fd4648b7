-- Deploy auth:published to pg
--
-- What other services may read of a user, and nothing else.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

CREATE VIEW public_users AS
    SELECT id, username, bio, image, version FROM users;

GRANT USAGE ON SCHEMA auth TO devtalk_articles, devtalk_comments;
GRANT SELECT ON public_users TO devtalk_articles, devtalk_comments;

COMMIT;
