-- The tags in use, the most used first, at most 1000.
--
-- kind: read
-- lane: slow
--
-- reply  {"tags":[...]}
-- etag, stamp, deps
--
-- Reads a row or a few a tag, not one an article.

WITH used AS MATERIALIZED (
    SELECT key AS tag, sum(n) AS n
      FROM counters
     WHERE kind = 'tag'
     GROUP BY key
    HAVING sum(n) > 0
     ORDER BY sum(n) DESC, key
     LIMIT 1000
), list AS MATERIALIZED (
    SELECT '{"tags":' || array_to_json(ARRAY(SELECT tag
                                               FROM used
                                              ORDER BY n DESC, tag))
           || '}' AS reply
)
SELECT list.reply,
       md5(list.reply) AS etag,
       pg_snapshot_xmin(pg_current_snapshot())::text AS stamp,
       'tags' AS deps
  FROM list
