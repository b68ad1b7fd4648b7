-- Verify articles:favorites on pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

INSERT INTO articles (slug, author_id, title, description, body)
VALUES ('verify', 0, 'Verify', '', '');

INSERT INTO favorites (user_id, article_id, article_created_at)
SELECT 0, id, created_at
  FROM articles
 WHERE slug = 'verify' AND author_id = 0;

SELECT 1 / (sum(n) = 1)::integer
  FROM counters
 WHERE kind = 'favorited' AND key = '0';

DELETE FROM articles WHERE slug = 'verify' AND author_id = 0;

SELECT 1 / (sum(n) = 0)::integer
  FROM counters
 WHERE kind = 'favorited' AND key = '0';

ROLLBACK;
