-- The latest articles of those whom the viewer follows.
--
-- kind: read
-- lane: slow
-- $1 viewer
-- $2 limit, $3 offset
-- $4 microseconds, $5 id: the position to go on behind, or null
--
-- reply  {"articles":[...],"articlesCount":...}
-- next   the position behind the last of them; NULL if no more follow
--
-- Begins with each author's newest article and reads more of those alone
-- whose newest may be on the page: it costs as much as authors are followed,
-- however many articles each of them has.
--
-- newest  of each author: how many articles there are, and the last of them
-- heads   of each author: the last one behind the position, looked for only
--         where the newest is not behind it
-- bound   the head behind which nothing can be on the page; -infinity:
--         the page has room for more articles than there are heads

WITH newest AS MATERIALIZED (
    SELECT b.author_id, b.n, b.created_at, b.id
      FROM follows f
      JOIN author_articles b ON b.author_id = f.author_id
     WHERE f.follower_id = $1::bigint
), heads AS MATERIALIZED (
    SELECT author_id, created_at, id
      FROM newest
     WHERE (created_at, id)
           < (position_time($4::bigint), position_id($5::bigint))
     UNION ALL
    SELECT newest.author_id, head.created_at, head.id
      FROM newest,
           LATERAL (SELECT a.created_at, a.id
                      FROM articles a
                     WHERE a.author_id = newest.author_id
                       AND (a.created_at, a.id)
                           < (position_time($4::bigint),
                              position_id($5::bigint))
                     ORDER BY a.created_at DESC, a.id DESC
                     LIMIT 1) AS head
     WHERE (newest.created_at, newest.id)
           >= (position_time($4::bigint), position_id($5::bigint))
), bound AS MATERIALIZED (
    SELECT coalesce(max(created_at), '-infinity') AS created_at,
           coalesce(max(id), 0) AS id
      FROM (SELECT created_at, id
              FROM heads
             ORDER BY created_at DESC, id DESC
             LIMIT 1 OFFSET $2::bigint + $3::bigint) AS head
), found AS MATERIALIZED (
    SELECT article.id, article.created_at, true AS followed
      FROM bound
      JOIN heads ON (heads.created_at, heads.id)
                    >= (bound.created_at, bound.id),
           LATERAL (SELECT a.id, a.created_at
                      FROM articles a
                     WHERE a.author_id = heads.author_id
                       AND (a.created_at, a.id)
                           <= (heads.created_at, heads.id)
                       AND (a.created_at, a.id)
                           >= (bound.created_at, bound.id)
                     ORDER BY a.created_at DESC, a.id DESC
                     LIMIT $2::bigint + $3::bigint + 1) AS article
     ORDER BY article.created_at DESC, article.id DESC
     LIMIT $2::bigint + 1 OFFSET $3::bigint
), counted AS MATERIALIZED (
    SELECT coalesce(sum(n), 0) AS n FROM newest
),
-- include: list
SELECT reply, next FROM list
