/*
 * Pages of articles: the latest, by filters, of those followed; tags.
 */

#include "articles.h"
#include "articles_sql.h"


/* The parameters that each list begins with. */
#define ARTICLES_PAGE_VALUES  5

static ngx_int_t articles_page_values(dt_call_t *call, const char **values);
static const char *articles_filter(dt_call_t *call, ngx_uint_t field);


/* The head of the front page is shared by all readers, in the pages that
 * front ends ask for: any others would fill the cache with the same. */

ngx_int_t
articles_key(dt_call_t *call)
{
    int64_t      limit, offset;
    dt_value_t  *input;

    input = call->input;

    limit = input[ARTICLES_LIMIT].presence == DT_SET
            ? input[ARTICLES_LIMIT].number : ARTICLES_PAGE;
    offset = input[ARTICLES_OFFSET].presence == DT_SET
             ? input[ARTICLES_OFFSET].number : 0;

    if (articles_filter(call, ARTICLES_TAG)
        || articles_filter(call, ARTICLES_AUTHOR)
        || articles_filter(call, ARTICLES_FAVORITED)
        || input[ARTICLES_CURSOR].presence == DT_SET
        || (limit != ARTICLES_PAGE && limit != ARTICLES_PAGE / 2)
        || offset % limit != 0
        || limit + offset > ARTICLES_CACHED)
    {
        return DT_NEXT;
    }

    call->cache_key = dt_call_format(call, "front:%L:%L", limit, offset);

    return call->cache_key.data ? DT_NEXT
                                : dt_fail(call, DT_INTERNAL, NULL, NULL);
}


/* One filter has an index of its own to walk; more of them a slower way. */

ngx_int_t
articles_select(dt_call_t *call)
{
    const char      *tag, *author, *favorited, **filters;
    const char      *values[ARTICLES_PAGE_VALUES + 3];
    const dt_sql_t  *sql;

    tag = articles_filter(call, ARTICLES_TAG);
    author = articles_filter(call, ARTICLES_AUTHOR);
    favorited = articles_filter(call, ARTICLES_FAVORITED);

    if (articles_page_values(call, values) != NGX_OK) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    filters = &values[ARTICLES_PAGE_VALUES];

    if ((tag != NULL) + (author != NULL) + (favorited != NULL) > 1) {
        sql = &sql_articles_by_filters;
        filters[0] = tag;
        filters[1] = author;
        filters[2] = favorited;

    } else if (tag) {
        sql = &sql_articles_by_tag;
        filters[0] = tag;

    } else if (author) {
        sql = &sql_articles_by_author;
        filters[0] = author;

    } else if (favorited) {
        sql = &sql_articles_by_favorited;
        filters[0] = favorited;

    } else {
        sql = &sql_articles_latest;
    }

    return dt_query(call, sql, values);
}


/* A page that is not shared was made for its reader. */

ngx_int_t
articles_reply(dt_call_t *call)
{
    return call->cache_key.len ? DT_NEXT : dt_reply_ok(call);
}


ngx_int_t
articles_feed(dt_call_t *call)
{
    const char  *values[ARTICLES_PAGE_VALUES];

    if (articles_page_values(call, values) != NGX_OK) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_feed, values);
}


/* viewer, limit, offset, position: nobody for a shared page. */

static ngx_int_t
articles_page_values(dt_call_t *call, const char **values)
{
    ngx_str_t    limit, offset, time, id;
    dt_value_t  *input;

    input = call->input;

    limit = dt_call_format(call, "%L",
                           input[ARTICLES_LIMIT].presence == DT_SET
                           ? input[ARTICLES_LIMIT].number
                           : (int64_t) ARTICLES_PAGE);
    offset = dt_call_format(call, "%L",
                            input[ARTICLES_OFFSET].presence == DT_SET
                            ? input[ARTICLES_OFFSET].number : (int64_t) 0);

    values[0] = call->cache_key.len ? NULL : dt_call_viewer(call);
    values[1] = (char *) limit.data;
    values[2] = (char *) offset.data;
    values[3] = NULL;
    values[4] = NULL;

    if (limit.data == NULL || offset.data == NULL) {
        return NGX_ERROR;
    }

    if (input[ARTICLES_CURSOR].presence != DT_SET) {
        return NGX_OK;
    }

    time = dt_call_format(call, "%L", input[ARTICLES_CURSOR].time);
    id = dt_call_format(call, "%L", input[ARTICLES_CURSOR].number);

    values[3] = (char *) time.data;
    values[4] = (char *) id.data;

    return time.data && id.data ? NGX_OK : NGX_ERROR;
}


/* NULL: the list is not filtered by it ("?tag=" does not filter either). */

static const char *
articles_filter(dt_call_t *call, ngx_uint_t field)
{
    if (call->input[field].presence != DT_SET
        || call->input[field].text.len == 0)
    {
        return NULL;
    }

    return (char *) call->input[field].text.data;
}


ngx_int_t
tags_key(dt_call_t *call)
{
    ngx_str_set(&call->cache_key, "tags");

    return DT_NEXT;
}


ngx_int_t
tags_select(dt_call_t *call)
{
    return dt_query(call, &sql_tags, NULL);
}
