-- Verify articles:favorites_of_article on pg

BEGIN;

SELECT 'articles.favorites_article_user_idx'::regclass;

ROLLBACK;
