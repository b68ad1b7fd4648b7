-- The viewer does not follow a user any more; nothing changes if he did not.
--
-- $1 viewer
-- $2 username
-- $3 traceparent
--
-- outcome  ok, not_found:profile, invalid:profile (himself)
-- reply    {"profile":...}
-- mark, marks  NULL if nothing changed: no event then either

WITH wanted (following, type) AS (
    VALUES (false, 'dev.devtalk.user.unfollowed')
), author AS MATERIALIZED (
    SELECT u FROM authors u WHERE u.username = $2::text
), changed AS (
    DELETE FROM follows f
     USING author
     WHERE f.follower_id = $1::bigint
       AND f.author_id = (author.u).id
    RETURNING f.follower_id, f.author_id
),
-- include: follow
