-- What a reader favorited and whom he follows: see dt_viewer.h.
--
-- kind: read
-- $1 viewer
--
-- reply  " f17 o5 ": favorited article 17, follows author 5; "*": more than
--        1000 of both
-- stamp, deps

SELECT CASE WHEN count(*) > 1000 THEN '*'
            ELSE ' ' || coalesce(string_agg(slot, ' ') || ' ', '')
       END AS reply,
       pg_snapshot_xmin(pg_current_snapshot())::text AS stamp,
       'v:' || $1::bigint AS deps
  FROM ((SELECT 'f' || article_id
           FROM favorites
          WHERE user_id = $1::bigint
          LIMIT 1001)
        UNION ALL
        (SELECT 'o' || author_id
           FROM follows
          WHERE follower_id = $1::bigint
          LIMIT 1001)) AS own (slot)
