-- Publishes an article.
--
-- $1 author
-- $2 slug
-- $3 slug to take when $2 is taken
-- $4 title, $5 description, $6 body
-- $7 text[]: tags, in any order
-- $8 traceparent
--
-- outcome  ok, unauthorized:token (the author is gone)
-- reply    {"article":...} as the author sees it
-- etag, mark, marks
--
-- Whoever loses a race for the slug is refused by articles_slug_key and
-- nothing is written: send it again.

WITH author AS MATERIALIZED (
    SELECT u FROM authors u WHERE u.id = $1::bigint
), article AS (
    INSERT INTO articles (author_id, slug, title, description, body, tags)
    SELECT (author.u).id,
           CASE WHEN EXISTS (SELECT FROM article_slugs WHERE slug = $2::text)
                THEN $3::text
                ELSE $2::text
           END,
           $4::text,
           $5::text,
           $6::text,
           ARRAY(SELECT DISTINCT tag COLLATE "C"
                   FROM unnest($7::text[]) AS t (tag)
                  ORDER BY 1)
      FROM author
    RETURNING articles AS a
), named AS (
    INSERT INTO article_slugs (slug, article_id)
    SELECT (a).slug, (a).id FROM article
    RETURNING article_id
), event AS (
    INSERT INTO outbox (topic, key, type, data, traceparent, marks)
    SELECT 'devtalk.articles',
           named.article_id::text,
           'dev.devtalk.article.created',
           tell_article(article.a, author.u),
           $8::text,
           format('a:%s front', named.article_id)
           || CASE WHEN (article.a).tags <> '{}' THEN ' tags' ELSE '' END
      FROM named, article, author
    RETURNING mark, marks
)
SELECT CASE WHEN event.mark IS NULL THEN 'unauthorized:token'
            ELSE 'ok'
       END AS outcome,
       CASE WHEN event.mark IS NOT NULL
            THEN '{"article":'
                 || show_article(article.a, author.u, false, false)
                 || '}'
       END AS reply,
       (article.a).version || '-' || (author.u).version AS etag,
       event.mark,
       event.marks
  FROM (SELECT) AS always
  LEFT JOIN article ON true
  LEFT JOIN author ON true
  LEFT JOIN event ON true
