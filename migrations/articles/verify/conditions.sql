-- Verify articles:conditions on pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

SELECT 1 / bool_and(etag_in(tags, '7-3') = expected)::integer
  FROM (VALUES (NULL::text[], true), ('{7-3}', true), ('{6-3,7-3-01}', true),
               ('{}', false), ('{7-4}', false), ('{17-3}', false),
               ('{7-33}', false), ('{7-3-}', false))
       AS condition (tags, expected);

ROLLBACK;
