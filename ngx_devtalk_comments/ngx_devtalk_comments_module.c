/*
 * The comments service: comments on articles.
 */

#include "comments.h"
#include "comments_sql.h"


static const dt_field_t  comment_fields[] = {
    { "body", DT_TEXT, DT_REQUIRED, 1, COMMENT_BODY_MAX, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

/* a character has at most six bytes as a JSON escape, twice that as a pair */

static const dt_input_t  comment_input = {
    DT_IN_BODY, "comment", 128 * 1024, comment_fields, 0
};

static const dt_field_t  comments_page_fields[] = {
    { "limit", DT_NUMBER, 0, 1, COMMENTS_PAGE_MAX, 0, NULL },
    { "cursor", DT_CURSOR, 0, 0, 0, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_input_t  comments_page_input = {
    DT_IN_QUERY, NULL, 0, comments_page_fields, 0
};


static const dt_step_t  comments_list[] = {
    comments_key,
    dt_cache_fetch,
    comments_select,
    comments_found,
    dt_cached_from_row,
    dt_cache_fill,
    dt_viewer_key,
    dt_cache_fetch,
    comments_viewer,
    dt_cached_from_row,
    dt_cache_fill,
    comments_viewer_ask,
    dt_viewer_seen,
    dt_reply_cached,
    NULL
};

static const dt_step_t  comment_create[] = {
    comment_insert,
    dt_outcome,
    dt_cache_mark,
    dt_reply_created,
    NULL
};

static const dt_step_t  comment_edit[] = {
    comment_id,
    comment_update,
    dt_outcome,
    dt_cache_mark,
    dt_reply_ok,
    NULL
};

static const dt_step_t  comment_remove[] = {
    comment_id,
    comment_delete,
    dt_outcome,
    dt_cache_mark,
    dt_reply_empty,
    NULL
};


static const dt_route_t  comments_routes[] = {

    { DT_GET, "/api/articles/{slug}/comments",
      DT_ANYONE, DT_RATE_READ, &comments_page_input, comments_list },

    { DT_POST, "/api/articles/{slug}/comments",
      DT_SIGNED_IN, DT_RATE_WRITE, &comment_input, comment_create },

    { DT_PUT, "/api/articles/{slug}/comments/{id}",
      DT_SIGNED_IN, DT_RATE_WRITE, &comment_input, comment_edit },

    { DT_DELETE, "/api/articles/{slug}/comments/{id}",
      DT_SIGNED_IN, DT_RATE_WRITE, NULL, comment_remove },

    { 0, NULL, 0, 0, NULL, NULL }
};


static const dt_subscription_t  comments_subscriptions[] = {
    { "devtalk.articles", &sql_article_event },
    { "devtalk.users", &sql_user_event },
    { NULL, NULL }
};


static const dt_service_t  comments_service = {
    DT_ABI,
    "comments",
    comments_routes,
    comments_statements,
    comments_subscriptions,
    NULL
};


static ngx_command_t  comments_commands[] = {

    { ngx_string("devtalk_comments"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      dt_service_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      (void *) &comments_service },

      ngx_null_command
};


static ngx_http_module_t  comments_ctx = {
    NULL,                          /* preconfiguration */
    NULL,                          /* postconfiguration */

    NULL,                          /* create main configuration */
    NULL,                          /* init main configuration */

    NULL,                          /* create server configuration */
    NULL,                          /* merge server configuration */

    NULL,                          /* create location configuration */
    NULL                           /* merge location configuration */
};


ngx_module_t  ngx_devtalk_comments_module = {
    NGX_MODULE_V1,
    &comments_ctx,                 /* module context */
    comments_commands,             /* module directives */
    NGX_HTTP_MODULE,               /* module type */
    NULL,                          /* init master */
    NULL,                          /* init module */
    NULL,                          /* init process */
    NULL,                          /* init thread */
    NULL,                          /* exit thread */
    NULL,                          /* exit process */
    NULL,                          /* exit master */
    NGX_MODULE_V1_PADDING
};
