-- Deploy articles:follows to pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE TABLE follows (
    follower_id  bigint      NOT NULL,
    author_id    bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),

    PRIMARY KEY (follower_id, author_id),
    CHECK (follower_id <> author_id)
);

CREATE INDEX follows_author_idx ON follows (author_id);

COMMIT;
