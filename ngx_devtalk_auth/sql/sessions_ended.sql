-- Sessions whose tokens have to be refused.
--
-- kind: read
-- $1 only those that ended since; seconds since 1970
--
-- now    the server's time, in each row; there is at least one
-- id     of the session, or null: there is none
-- until  when its last token expires

SELECT floor(extract(epoch FROM now()))::bigint AS now,
       s.id,
       ceil(extract(epoch FROM s.expires_at))::bigint AS until
  FROM (VALUES (1)) AS always
  LEFT JOIN sessions s
         ON s.ended_at >= to_timestamp($1::bigint)
        AND s.expires_at > now()
