/*
 * One article, read.
 */

#include "articles.h"
#include "article_slug.h"
#include "articles_sql.h"


ngx_int_t
article_key(dt_call_t *call)
{
    if (article_slug_possible(&call->match.params[0]) != NGX_OK) {
        return dt_fail(call, DT_NOT_FOUND, "article", "not found");
    }

    call->cache_key = dt_call_format(call, "article:%V",
                                     &call->match.params[0]);

    return call->cache_key.data ? DT_NEXT
                                : dt_fail(call, DT_INTERNAL, NULL, NULL);
}


ngx_int_t
article_select(dt_call_t *call)
{
    const char  *values[] = { dt_call_param(call, 0) };

    return dt_query(call, &sql_article_by_slug, values);
}


/* An old slug leads to the current one. */

ngx_int_t
article_found(dt_call_t *call)
{
    ngx_str_t               slug, location;
    static const ngx_str_t  nothing = ngx_null_string;

    if (PQntuples(call->rows) == 0) {
        return dt_fail(call, DT_NOT_FOUND, "article", "not found");
    }

    slug = dt_column(call, "location");

    if (slug.len == 0) {
        return DT_NEXT;
    }

    location = dt_call_format(call, "/api/articles/%V", &slug);

    if (location.data == NULL
        || dt_reply_header(call, "Location", &location) != NGX_OK)
    {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_reply_json(call, NGX_HTTP_MOVED_PERMANENTLY, &nothing);
}


/* What the reader favorited and whom he follows. */

ngx_int_t
article_viewer(dt_call_t *call)
{
    return dt_viewer_select(call, &sql_viewer);
}


ngx_int_t
article_viewer_ask(dt_call_t *call)
{
    return dt_viewer_ask(call, &sql_viewer_seen);
}
