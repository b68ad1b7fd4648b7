-- Deploy articles:published to pg
--
-- What other services may read, and nothing else.  A row of public_articles
-- is a slug, old ones too: who holds a link from before a change of title
-- can still comment.

BEGIN;

SET LOCAL ROLE devtalk_articles;
SET LOCAL search_path TO articles;

CREATE VIEW public_articles AS
    SELECT a.id, s.slug, a.author_id
      FROM article_slugs s
      JOIN articles a ON a.id = s.article_id;

CREATE VIEW public_follows AS
    SELECT follower_id, author_id FROM follows;

GRANT USAGE ON SCHEMA articles TO devtalk_comments;
GRANT SELECT ON public_articles, public_follows TO devtalk_comments;

COMMIT;
