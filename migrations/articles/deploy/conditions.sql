-- Deploy articles:conditions to pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

-- If-Match: whether the tag is among those that the client has; null: it asks
-- for no version.  What a reader's own fields add to a tag (-01) does not
-- count.

CREATE FUNCTION etag_in(tags text[], etag text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN tags IS NULL
           OR EXISTS (SELECT
                        FROM unnest(tags) AS t (tag)
                       WHERE tag = etag
                          OR tag ~ ('^' || etag || '-[01]+$'));

COMMIT;
