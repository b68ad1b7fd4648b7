-- What of a shared reply is the viewer's own, if his set is too large to be
-- kept (viewer.sql).
--
-- kind: read
-- $1 viewer
-- $2 slots, "o5 o6": authors
--
-- seen  a character a slot, in their order: '1' if he follows the author,
--       else '0'

SELECT coalesce(string_agg(mark.bit, '' ORDER BY slot.place), '') AS seen
  FROM string_to_table($2::text, ' ') WITH ORDINALITY AS slot (name, place),
       LATERAL (SELECT CASE WHEN left(slot.name, 1) = 'o'
                       THEN (SELECT count(*)::text
                               FROM follows
                              WHERE follower_id = $1::bigint
                                AND author_id = substr(slot.name, 2)::bigint)
                       ELSE '0'
                       END AS bit) AS mark
