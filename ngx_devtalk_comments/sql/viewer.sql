-- Whom a reader follows: see dt_viewer.h.
--
-- kind: read
-- $1 viewer
--
-- reply  " o5 o6 ": follows authors 5 and 6; "*": more than 1000
-- stamp, deps

SELECT CASE WHEN count(*) > 1000 THEN '*'
            ELSE ' ' || coalesce(string_agg(slot, ' ') || ' ', '')
       END AS reply,
       pg_snapshot_xmin(pg_current_snapshot())::text AS stamp,
       'v:' || $1::bigint AS deps
  FROM (SELECT 'o' || author_id
          FROM follows
         WHERE follower_id = $1::bigint
         LIMIT 1001) AS own (slot)
