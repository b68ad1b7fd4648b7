-- Changes an article; what is null stays as it is.
--
-- $1 viewer
-- $2 slug, also an old one
-- $3 title, $4 description, $5 body
-- $6 text[]: tags, in any order
-- $7 slug for the new title; taken only if the title changes
-- $8 slug to take when $7 is another article's
-- $9 traceparent
-- $10 text[]: entity tags, one of which has to be the article's; null: any
--
-- outcome  ok, not_found:article, forbidden:article, stale:article
-- reply    {"article":...} as the viewer sees it
-- etag, mark, marks
--
-- The old slug stays the article's; its author can come back to it.
-- Whoever loses a race for the slug is refused by articles_slug_key and
-- nothing is written: send it again.

WITH target AS MATERIALIZED (
    SELECT a.id, a.author_id
      FROM article_slugs s
      JOIN articles a ON a.id = s.article_id
     WHERE s.slug = $2::text
), locked AS MATERIALIZED (
    SELECT a.id, a.slug, a.title, a.tags, a.version
      FROM articles a
     WHERE a.id = (SELECT id FROM target WHERE author_id = $1::bigint)
       FOR NO KEY UPDATE
), author AS MATERIALIZED (
    SELECT u FROM authors u WHERE u.id = $1::bigint
), draft AS MATERIALIZED (
    SELECT locked.*,
           CASE WHEN $3::text IS NULL OR $3::text = locked.title
                THEN locked.slug
                WHEN EXISTS (SELECT
                               FROM article_slugs s
                              WHERE s.slug = $7::text
                                AND s.article_id <> locked.id)
                THEN $8::text
                ELSE coalesce($7::text, locked.slug)
           END AS new_slug,
           CASE WHEN $6::text[] IS NULL
                THEN locked.tags
                ELSE ARRAY(SELECT DISTINCT tag COLLATE "C"
                             FROM unnest($6::text[]) AS t (tag)
                            ORDER BY 1)
           END AS new_tags
      FROM locked, author
     WHERE etag_in($10::text[], locked.version || '-' || (author.u).version)
), article AS (
    UPDATE articles a
       SET slug = draft.new_slug,
           title = coalesce($3::text, a.title),
           description = coalesce($4::text, a.description),
           body = coalesce($5::text, a.body),
           tags = draft.new_tags,
           version = a.version + 1,
           updated_at = greatest(clock_timestamp(), a.updated_at)
      FROM draft
     WHERE a.id = draft.id
    RETURNING a,
              draft.slug <> draft.new_slug AS moved,
              draft.tags <> draft.new_tags AS retagged
), named AS (
    INSERT INTO article_slugs (slug, article_id)
    SELECT (article.a).slug, (article.a).id
      FROM article
     WHERE article.moved
       AND NOT EXISTS (SELECT
                         FROM article_slugs s
                        WHERE s.slug = (article.a).slug
                          AND s.article_id = (article.a).id)
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.articles',
           (article.a).id::text,
           'dev.devtalk.article.updated',
           tell_article(article.a, author.u),
           $9::text,
           format('a:%s front', (article.a).id)
           || CASE WHEN article.retagged THEN ' tags' ELSE '' END
           || CASE WHEN article.moved
                   THEN format(' c:%s', (article.a).id)
                   ELSE ''
              END
      FROM article, author
    RETURNING mark, marks
)
SELECT CASE WHEN event.mark IS NOT NULL THEN 'ok'
            WHEN target.author_id <> $1::bigint THEN 'forbidden:article'
            WHEN locked.id IS NOT NULL THEN 'stale:article'
            ELSE 'not_found:article'
       END AS outcome,
       CASE WHEN event.mark IS NOT NULL
            THEN '{"article":'
                 || show_article(article.a, author.u,
                                 EXISTS (SELECT
                                           FROM favorites f
                                          WHERE f.user_id = $1::bigint
                                            AND f.article_id = target.id),
                                 false)
                 || '}'
       END AS reply,
       (article.a).version || '-' || (author.u).version AS etag,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN target ON true
  LEFT JOIN locked ON true
  LEFT JOIN article ON true
  LEFT JOIN author ON true
  LEFT JOIN event ON true
