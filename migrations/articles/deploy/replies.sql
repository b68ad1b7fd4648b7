-- Deploy articles:replies to pg
--
-- Authors as this service sees them, and the JSON shapes of its replies and
-- events.  The functions are single expressions over their arguments: the
-- planner puts them in line, and no list reads a body it does not show.

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE VIEW authors AS
    SELECT id,
           username,
           nullif(bio, '') AS bio,
           nullif(image, '') AS image,
           version
      FROM auth.public_users;


CREATE TYPE author_shape AS (
    username   text,
    bio        text,
    image      text,
    following  boolean
);

CREATE TYPE card_shape AS (
    slug              text,
    title             text,
    description       text,
    "tagList"         text[],
    "createdAt"       text,
    "updatedAt"       text,
    favorited         boolean,
    "favoritesCount"  integer,
    "commentsCount"   integer,
    author            author_shape
);

CREATE TYPE article_shape AS (
    slug              text,
    title             text,
    description       text,
    body              text,
    "tagList"         text[],
    "createdAt"       text,
    "updatedAt"       text,
    favorited         boolean,
    "favoritesCount"  integer,
    "commentsCount"   integer,
    author            author_shape
);

CREATE TYPE article_event_shape AS (
    id           bigint,
    slug         text,
    title        text,
    description  text,
    "tagList"    text[],
    "authorId"   bigint,
    author       text,
    version      bigint,
    "createdAt"  text,
    "updatedAt"  text
);


CREATE FUNCTION iso_time(moment timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');


-- A position in a list, "<microseconds>.<id>", and its way back.  "none" is
-- what stands for no position: before everything that is.

CREATE FUNCTION list_position(moment timestamptz, id bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (extract(epoch FROM moment) * 1000000)::bigint || '.' || id;

CREATE FUNCTION position_time(microseconds bigint) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN microseconds IS NULL
                THEN timestamptz 'infinity'
                ELSE timestamptz '1970-01-01 00:00:00+00'
                     + interval '1 microsecond'
                       * least(greatest(microseconds, 0), 8000000000000000)
           END;

CREATE FUNCTION position_id(id bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(id, 9223372036854775807);


CREATE FUNCTION show_author(u authors, following boolean)
    RETURNS author_shape
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN row(u.username, u.bio, u.image, following)::author_shape;

CREATE FUNCTION show_card(a articles, u authors, favorited boolean,
    following boolean) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN row_to_json(row(a.slug, a.title, a.description, a.tags,
                           iso_time(a.created_at), iso_time(a.updated_at),
                           favorited, a.favorites_count, a.comments_count,
                           show_author(u, following))::card_shape);

CREATE FUNCTION show_article(a articles, u authors, favorited boolean,
    following boolean) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN row_to_json(row(a.slug, a.title, a.description, a.body, a.tags,
                           iso_time(a.created_at), iso_time(a.updated_at),
                           favorited, a.favorites_count, a.comments_count,
                           show_author(u, following))::article_shape);

CREATE FUNCTION tell_article(a articles, u authors) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN row_to_json(row(a.id, a.slug, a.title, a.description, a.tags,
                           a.author_id, u.username, a.version,
                           iso_time(a.created_at),
                           iso_time(a.updated_at))::article_event_shape);

COMMIT;
