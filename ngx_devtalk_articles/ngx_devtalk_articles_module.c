/*
 * The articles service: articles, tags, favorites, follows, the feed.
 */

#include "articles.h"
#include "article_slug.h"
#include "articles_sql.h"


static ngx_int_t articles_init_module(ngx_cycle_t *cycle);


static const dt_field_t  article_new_fields[] = {
    { "title", DT_LINE, DT_REQUIRED, 1, ARTICLE_TITLE_MAX, 0, NULL },
    { "description", DT_TEXT, DT_REQUIRED, 1, ARTICLE_DESCRIPTION_MAX, 0,
      NULL },
    { "body", DT_TEXT, DT_REQUIRED, 1, ARTICLE_BODY_MAX, 0, NULL },
    { "tagList", DT_LINES, 0, 0, ARTICLE_TAGS_MAX, ARTICLE_TAG_MAX, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_field_t  article_edit_fields[] = {
    { "title", DT_LINE, DT_NOT_BLANK, 1, ARTICLE_TITLE_MAX, 0, NULL },
    { "description", DT_TEXT, DT_NOT_BLANK, 1, ARTICLE_DESCRIPTION_MAX, 0,
      NULL },
    { "body", DT_TEXT, DT_NOT_BLANK, 1, ARTICLE_BODY_MAX, 0, NULL },
    { "tagList", DT_LINES, 0, 0, ARTICLE_TAGS_MAX, ARTICLE_TAG_MAX, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_field_t  articles_page_fields[] = {
    { "limit", DT_NUMBER, 0, 1, ARTICLES_PAGE_MAX, 0, NULL },
    { "offset", DT_NUMBER, 0, 0, ARTICLES_OFFSET_MAX, 0, NULL },
    { "cursor", DT_CURSOR, 0, 0, 0, 0, NULL },
    { "tag", DT_LINE, 0, 0, ARTICLE_TAG_MAX, 0, NULL },
    { "author", DT_LINE, 0, 0, DT_USERNAME_MAX, 0, NULL },
    { "favorited", DT_LINE, 0, 0, DT_USERNAME_MAX, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_field_t  articles_feed_fields[] = {
    { "limit", DT_NUMBER, 0, 1, ARTICLES_PAGE_MAX, 0, NULL },
    { "offset", DT_NUMBER, 0, 0, ARTICLES_OFFSET_MAX, 0, NULL },
    { "cursor", DT_CURSOR, 0, 0, 0, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};


static const dt_input_t  article_new_input = {
    DT_IN_BODY, "article", 1024 * 1024, article_new_fields, 0
};

static const dt_input_t  article_edit_input = {
    DT_IN_BODY, "article", 1024 * 1024, article_edit_fields, 1
};

static const dt_input_t  articles_page_input = {
    DT_IN_QUERY, NULL, 0, articles_page_fields, 0
};

static const dt_input_t  articles_feed_input = {
    DT_IN_QUERY, NULL, 0, articles_feed_fields, 0
};


static const dt_step_t  article_read[] = {
    article_key,
    dt_cache_fetch,
    article_select,
    article_found,
    dt_cached_from_row,
    dt_cache_fill,
    dt_viewer_key,
    dt_cache_fetch,
    article_viewer,
    dt_cached_from_row,
    dt_cache_fill,
    article_viewer_ask,
    dt_viewer_seen,
    dt_reply_cached,
    NULL
};

static const dt_step_t  article_create[] = {
    article_slugs,
    article_insert,
    article_insert_again,
    dt_outcome,
    dt_cache_mark,
    dt_reply_created,
    NULL
};

static const dt_step_t  article_edit[] = {
    article_slugs,
    article_update,
    article_update_again,
    dt_outcome,
    dt_cache_mark,
    dt_reply_ok,
    NULL
};

static const dt_step_t  article_remove[] = {
    article_delete,
    dt_outcome,
    dt_cache_mark,
    dt_reply_empty,
    NULL
};

static const dt_step_t  favorite_add[] = {
    article_favorite,
    dt_outcome,
    dt_cache_mark,
    dt_reply_ok,
    NULL
};

static const dt_step_t  favorite_remove[] = {
    article_unfavorite,
    dt_outcome,
    dt_cache_mark,
    dt_reply_ok,
    NULL
};

static const dt_step_t  articles_list[] = {
    articles_key,
    dt_cache_fetch,
    articles_select,
    articles_reply,
    dt_cached_from_row,
    dt_cache_fill,
    dt_viewer_key,
    dt_cache_fetch,
    article_viewer,
    dt_cached_from_row,
    dt_cache_fill,
    article_viewer_ask,
    dt_viewer_seen,
    dt_reply_cached,
    NULL
};

static const dt_step_t  feed_list[] = {
    articles_feed,
    dt_reply_ok,
    NULL
};

static const dt_step_t  tags_list[] = {
    tags_key,
    dt_cache_fetch,
    tags_select,
    dt_cached_from_row,
    dt_cache_fill,
    dt_reply_cached,
    NULL
};

static const dt_step_t  profile_read[] = {
    profile_select,
    dt_outcome,
    dt_reply_ok,
    NULL
};

static const dt_step_t  follow_add[] = {
    profile_follow,
    dt_outcome,
    dt_cache_mark,
    dt_reply_ok,
    NULL
};

static const dt_step_t  follow_remove[] = {
    profile_unfollow,
    dt_outcome,
    dt_cache_mark,
    dt_reply_ok,
    NULL
};


static const dt_route_t  articles_routes[] = {

    { DT_GET, "/api/articles",
      DT_ANYONE, DT_RATE_READ, &articles_page_input, articles_list },

    { DT_POST, "/api/articles",
      DT_SIGNED_IN, DT_RATE_WRITE, &article_new_input, article_create },

    { DT_GET, "/api/articles/feed",
      DT_SIGNED_IN, DT_RATE_READ, &articles_feed_input, feed_list },

    { DT_GET, "/api/articles/{slug}",
      DT_ANYONE, DT_RATE_READ, NULL, article_read },

    { DT_PUT, "/api/articles/{slug}",
      DT_SIGNED_IN, DT_RATE_WRITE, &article_edit_input, article_edit },

    { DT_DELETE, "/api/articles/{slug}",
      DT_SIGNED_IN, DT_RATE_WRITE, NULL, article_remove },

    { DT_POST, "/api/articles/{slug}/favorite",
      DT_SIGNED_IN, DT_RATE_WRITE, NULL, favorite_add },

    { DT_DELETE, "/api/articles/{slug}/favorite",
      DT_SIGNED_IN, DT_RATE_WRITE, NULL, favorite_remove },

    { DT_GET, "/api/tags",
      DT_ANYONE, DT_RATE_READ, NULL, tags_list },

    { DT_GET, "/api/profiles/{username}",
      DT_ANYONE, DT_RATE_READ, NULL, profile_read },

    { DT_POST, "/api/profiles/{username}/follow",
      DT_SIGNED_IN, DT_RATE_WRITE, NULL, follow_add },

    { DT_DELETE, "/api/profiles/{username}/follow",
      DT_SIGNED_IN, DT_RATE_WRITE, NULL, follow_remove },

    { 0, NULL, 0, 0, NULL, NULL }
};


static const dt_subscription_t  articles_subscriptions[] = {
    { "devtalk.comments", &sql_comment_event },
    { "devtalk.users", &sql_user_event },
    { NULL, NULL }
};


static const dt_service_t  articles_service = {
    DT_ABI,
    "articles",
    articles_routes,
    articles_statements,
    articles_subscriptions,
    NULL
};


static ngx_command_t  articles_commands[] = {

    { ngx_string("devtalk_articles"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      dt_service_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      (void *) &articles_service },

      ngx_null_command
};


static ngx_http_module_t  articles_ctx = {
    NULL,                          /* preconfiguration */
    NULL,                          /* postconfiguration */

    NULL,                          /* create main configuration */
    NULL,                          /* init main configuration */

    NULL,                          /* create server configuration */
    NULL,                          /* merge server configuration */

    NULL,                          /* create location configuration */
    NULL                           /* merge location configuration */
};


ngx_module_t  ngx_devtalk_articles_module = {
    NGX_MODULE_V1,
    &articles_ctx,                 /* module context */
    articles_commands,             /* module directives */
    NGX_HTTP_MODULE,               /* module type */
    NULL,                          /* init master */
    articles_init_module,          /* init module */
    NULL,                          /* init process */
    NULL,                          /* init thread */
    NULL,                          /* exit thread */
    NULL,                          /* exit process */
    NULL,                          /* exit master */
    NGX_MODULE_V1_PADDING
};


/* Once, in the master, for a tenth of a second: the workers inherit it, and
 * a new one serves at once. */

static ngx_int_t
articles_init_module(ngx_cycle_t *cycle)
{
    return article_slug_init();
}
