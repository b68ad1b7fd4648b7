-- The viewer follows a user; following him again changes nothing.
--
-- $1 viewer
-- $2 username
-- $3 traceparent
--
-- outcome  ok, not_found:profile, invalid:profile (himself)
-- reply    {"profile":...}
-- mark, marks  NULL if nothing changed: no event then either

WITH wanted (following, type) AS (
    VALUES (true, 'dev.devtalk.user.followed')
), author AS MATERIALIZED (
    SELECT u FROM authors u WHERE u.username = $2::text
), changed AS (
    INSERT INTO follows (follower_id, author_id)
    SELECT $1::bigint, (author.u).id
      FROM author
     WHERE (author.u).id <> $1::bigint
        ON CONFLICT DO NOTHING
    RETURNING follower_id, author_id
),
-- include: follow
