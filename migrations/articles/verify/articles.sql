-- Verify articles:articles on pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

-- The triggers keep tags and counters in step.
WITH article AS (
    INSERT INTO articles (slug, author_id, title, description, body, tags)
    VALUES ('verify', 0, 'Verify', '', '', '{verify-a,verify-b}')
    RETURNING id
)
INSERT INTO article_slugs (slug, article_id) SELECT 'verify', id FROM article;

UPDATE articles SET tags = '{verify-b,verify-c}'
 WHERE slug = 'verify' AND author_id = 0;

SELECT 1 / (count(*) = 2)::integer
  FROM article_tags
 WHERE tag IN ('verify-a', 'verify-b', 'verify-c');

SELECT 1 / (array_agg(n ORDER BY key) = '{0,1,1}')::integer
  FROM (SELECT key, sum(n) AS n
          FROM counters
         WHERE kind = 'tag' AND key IN ('verify-a', 'verify-b', 'verify-c')
         GROUP BY key) AS t;

DELETE FROM articles WHERE slug = 'verify' AND author_id = 0;

SELECT 1 / (count(*) = 0)::integer FROM article_slugs WHERE slug = 'verify';

ROLLBACK;
