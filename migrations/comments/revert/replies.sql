-- Revert comments:replies from pg

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

DROP FUNCTION tell_comment(comments, authors, text);
DROP FUNCTION show_comment(comments, authors, boolean);
DROP FUNCTION list_position(timestamptz, bigint);
DROP FUNCTION iso_time(timestamptz);
DROP TYPE comment_event_shape;
DROP TYPE comment_shape;
DROP TYPE author_shape;
DROP VIEW follows;
DROP VIEW articles;
DROP VIEW authors;

COMMIT;
