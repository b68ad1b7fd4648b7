-- Verify comments:comments on pg

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

-- A closed thread takes its comments along and tells of each.
INSERT INTO threads (article_id) VALUES (-1);
INSERT INTO comments (article_id, author_id, body)
VALUES (-1, 0, 'one'), (-1, 0, 'two');

UPDATE threads SET closed = true WHERE article_id = -1;

SELECT 1 / (count(*) = 0)::integer FROM comments WHERE article_id = -1;

SELECT 1 / (count(*) = 2)::integer
  FROM outbox
 WHERE key = '-1' AND type = 'dev.devtalk.comment.deleted';

ROLLBACK;
