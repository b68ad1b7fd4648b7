-- Verify articles:departures on pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

INSERT INTO articles (slug, author_id, title, description, body, tags)
VALUES ('verify-7f3a', -1, 'Verify', '', '', '{verify-7f3a}'),
       ('verify-7f3b', -2, 'Verify', '', '', '{verify-7f3a}');

INSERT INTO favorites (user_id, article_id, article_created_at)
SELECT -1, id, created_at FROM articles WHERE slug LIKE 'verify-7f3_';

UPDATE articles SET favorites_count = 1 WHERE slug LIKE 'verify-7f3_';

INSERT INTO follows (follower_id, author_id) VALUES (-1, -2), (-2, -1);

INSERT INTO departures (user_id) VALUES (-1);

SELECT 1 / (count(*) = 1 AND max(favorites_count) = 0)::integer
  FROM articles
 WHERE slug LIKE 'verify-7f3_';

SELECT 1 / (sum(n) = 1)::integer
  FROM counters
 WHERE kind = 'tag' AND key = 'verify-7f3a';

SELECT 1 / (count(*) = 0)::integer
  FROM favorites f, follows w
 WHERE f.user_id = -1 OR w.follower_id = -1 OR w.author_id = -1;

SELECT 1 / (count(*) = 2)::integer
  FROM outbox
 WHERE data ->> 'authorId' IN ('-1', '-2');

ROLLBACK;
