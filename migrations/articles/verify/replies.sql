-- Verify articles:replies on pg

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

SELECT show_card(a, u, false, false), show_article(a, u, true, true),
       tell_article(a, u)
  FROM articles a
  JOIN authors u ON u.id = a.author_id
 LIMIT 1;

SELECT 1 / (iso_time('2026-01-02 03:04:05.678912+00')
            = '2026-01-02T03:04:05.678Z')::integer;

SELECT 1 / (list_position(position_time(1767323045678912), 7)
            = '1767323045678912.7')::integer;

SELECT 1 / (position_time(NULL) = 'infinity')::integer;

ROLLBACK;
