-- Deploy comments:replies to pg
--
-- Foreign data as this service sees it, and the JSON shapes of its replies
-- and events.  The functions are single expressions over their arguments:
-- the planner puts them in line.

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

CREATE VIEW authors AS
    SELECT id,
           username,
           nullif(bio, '') AS bio,
           nullif(image, '') AS image,
           version
      FROM auth.public_users;

-- A row is a slug: an article has several once its title was changed.
CREATE VIEW articles AS
    SELECT id, slug, author_id FROM articles.public_articles;

CREATE VIEW follows AS
    SELECT follower_id, author_id FROM articles.public_follows;


CREATE TYPE author_shape AS (
    username   text,
    bio        text,
    image      text,
    following  boolean
);

CREATE TYPE comment_shape AS (
    id           bigint,
    "createdAt"  text,
    "updatedAt"  text,
    body         text,
    author       author_shape
);

CREATE TYPE comment_event_shape AS (
    id           bigint,
    "articleId"  bigint,
    slug         text,
    "authorId"   bigint,
    author       text,
    body         text,
    version      bigint,
    "createdAt"  text,
    "updatedAt"  text
);


CREATE FUNCTION iso_time(moment timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

CREATE FUNCTION list_position(moment timestamptz, id bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (extract(epoch FROM moment) * 1000000)::bigint || '.' || id;

CREATE FUNCTION show_comment(c comments, u authors, following boolean)
    RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN row_to_json(row(c.id, iso_time(c.created_at),
                           iso_time(c.updated_at), c.body,
                           row(u.username, u.bio, u.image,
                               following)::author_shape)::comment_shape);

CREATE FUNCTION tell_comment(c comments, u authors, slug text) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN row_to_json(row(c.id, c.article_id, slug, c.author_id, u.username,
                           c.body, c.version, iso_time(c.created_at),
                           iso_time(c.updated_at))::comment_event_shape);

COMMIT;
