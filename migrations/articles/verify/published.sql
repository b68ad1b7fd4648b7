-- Verify articles:published on pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

SELECT id, slug, author_id FROM public_articles WHERE false;
SELECT follower_id, author_id FROM public_follows WHERE false;

-- The reader sees these, and not what is behind them.
SELECT 1 / (has_table_privilege('devtalk_comments',
                                'articles.public_articles', 'SELECT')
            AND NOT has_table_privilege('devtalk_comments',
                                        'articles.articles', 'SELECT')
           )::integer;

ROLLBACK;
