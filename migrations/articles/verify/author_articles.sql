-- Verify articles:author_articles on pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

INSERT INTO articles (slug, author_id, title, description, body)
VALUES ('verify-7f3c', -1, 'Verify', '', ''),
       ('verify-7f3d', -1, 'Verify', '', '');

DELETE FROM articles WHERE slug = 'verify-7f3d';

SELECT 1 / (count(*) = 1)::integer
  FROM author_articles b
  JOIN articles a ON (a.author_id, a.created_at, a.id)
                     = (b.author_id, b.created_at, b.id)
 WHERE a.slug = 'verify-7f3c'
   AND b.n = 1;

DELETE FROM articles WHERE slug = 'verify-7f3c';

SELECT 1 / (count(*) = 1)::integer
  FROM author_articles
 WHERE author_id = -1 AND n = 0 AND id IS NULL;

ROLLBACK;
