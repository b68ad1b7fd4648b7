/*
 * The comments of an article.
 */

#include "comments.h"
#include "comments_sql.h"


static ngx_int_t comments_select_page(dt_call_t *call);


/* The newest comments are shared by all readers; older pages, and pages of
 * another size, are not. */

ngx_int_t
comments_key(dt_call_t *call)
{
    if (call->input[COMMENTS_LIMIT].presence == DT_SET
        || call->input[COMMENTS_CURSOR].presence == DT_SET)
    {
        return DT_NEXT;
    }

    if (call->match.params[0].len > COMMENTS_SLUG_MAX) {
        return dt_fail(call, DT_NOT_FOUND, "article", "not found");
    }

    call->cache_key = dt_call_format(call, "comments:%V",
                                     &call->match.params[0]);

    return call->cache_key.data ? DT_NEXT
                                : dt_fail(call, DT_INTERNAL, NULL, NULL);
}


ngx_int_t
comments_select(dt_call_t *call)
{
    const char  *values[] = { dt_call_param(call, 0) };

    if (call->cache_key.len == 0) {
        return comments_select_page(call);
    }

    return dt_query(call, &sql_comments_by_slug, values);
}


static ngx_int_t
comments_select_page(dt_call_t *call)
{
    ngx_str_t    limit, time, id;
    dt_value_t  *input;

    input = call->input;

    limit = dt_call_format(call, "%L",
                           input[COMMENTS_LIMIT].presence == DT_SET
                           ? input[COMMENTS_LIMIT].number
                           : (int64_t) COMMENTS_PAGE);
    time = dt_call_format(call, "%L", input[COMMENTS_CURSOR].time);
    id = dt_call_format(call, "%L", input[COMMENTS_CURSOR].number);

    if (limit.data == NULL || time.data == NULL || id.data == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    const char  *values[] = {
        dt_call_param(call, 0),
        dt_call_viewer(call),
        (char *) limit.data,
        NULL,
        NULL
    };

    if (input[COMMENTS_CURSOR].presence == DT_SET) {
        values[3] = (char *) time.data;
        values[4] = (char *) id.data;
    }

    return dt_query(call, &sql_comments_before, values);
}


ngx_int_t
comments_found(dt_call_t *call)
{
    if (PQntuples(call->rows) == 0) {
        return dt_fail(call, DT_NOT_FOUND, "article", "not found");
    }

    return call->cache_key.len ? DT_NEXT : dt_reply_ok(call);
}


/* Whom the reader follows, of those who commented too. */

ngx_int_t
comments_viewer(dt_call_t *call)
{
    return dt_viewer_select(call, &sql_viewer);
}


ngx_int_t
comments_viewer_ask(dt_call_t *call)
{
    return dt_viewer_ask(call, &sql_viewer_seen);
}
