-- Verify comments:replies on pg

BEGIN;

SET LOCAL ROLE devtalk_comments;
SET LOCAL search_path TO comments;

SELECT show_comment(c, u, false), tell_comment(c, u, 'slug')
  FROM comments c
  JOIN authors u ON u.id = c.author_id
 LIMIT 1;

SELECT id, slug, author_id FROM articles WHERE false;
SELECT follower_id, author_id FROM follows WHERE false;

ROLLBACK;
