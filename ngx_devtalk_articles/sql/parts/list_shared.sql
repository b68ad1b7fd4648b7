-- A list as a reply that can be shared if there was no viewer.

SELECT reply,
       md5(reply) AS etag,
       pg_snapshot_xmin(pg_current_snapshot())::text AS stamp,
       'front users' AS deps,
       slots,
       next
  FROM list
