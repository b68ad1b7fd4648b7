-- Verify comments:departures on pg

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

INSERT INTO threads (article_id) VALUES (-1);

INSERT INTO comments (article_id, author_id, body)
VALUES (-1, -1, 'Verify'), (-1, -2, 'Verify');

INSERT INTO departures (user_id) VALUES (-1);

SELECT 1 / (count(*) = 1)::integer FROM comments WHERE article_id = -1;

SELECT 1 / (count(*) = 1)::integer
  FROM outbox
 WHERE key = '-1' AND type = 'dev.devtalk.comment.deleted';

ROLLBACK;
