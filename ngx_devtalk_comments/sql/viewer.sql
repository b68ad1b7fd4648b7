-- Whom a reader follows: see dt_viewer.h.
--
-- kind: point read
-- $1 viewer
--
-- reply  sorted names: 'o' and an author he follows; '*': more than 4000
-- stamp, deps

SELECT CASE WHEN count(*) > 4000 THEN '*'
            ELSE coalesce(string_agg(slot, '' ORDER BY slot COLLATE "C"), '')
       END AS reply,
       pg_snapshot_xmin(pg_current_snapshot())::text AS stamp,
       'v:' || $1::bigint AS deps
  FROM (SELECT 'o' || lpad(to_hex(author_id), 11, '0')
          FROM follows
         WHERE follower_id = $1::bigint
         LIMIT 4001) AS own (slot)
