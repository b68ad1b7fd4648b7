/*
 * Favorites: once a reader and article, however often asked.
 */

#include "articles.h"
#include "articles_sql.h"


static ngx_int_t article_favorite_send(dt_call_t *call, const dt_sql_t *sql);


ngx_int_t
article_favorite(dt_call_t *call)
{
    return article_favorite_send(call, &sql_article_favorite);
}


ngx_int_t
article_unfavorite(dt_call_t *call)
{
    return article_favorite_send(call, &sql_article_unfavorite);
}


static ngx_int_t
article_favorite_send(dt_call_t *call, const dt_sql_t *sql)
{
    const char  *values[] = {
        dt_call_viewer(call),
        dt_call_param(call, 0),
        (char *) call->traceparent.data
    };

    return dt_query(call, sql, values);
}
