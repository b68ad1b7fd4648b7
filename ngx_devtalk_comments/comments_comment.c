/*
 * One comment: written, edited, deleted.
 */

#include "comments.h"
#include "comments_sql.h"


/* An id that is no number of ours is a comment that does not exist. */

ngx_int_t
comment_id(dt_call_t *call)
{
    ngx_str_t  *id;

    id = &call->match.params[1];

    if (id->len > NGX_INT64_LEN - 2
        || ngx_atoof(id->data, id->len) == NGX_ERROR)
    {
        return dt_fail(call, DT_NOT_FOUND, "comment", "not found");
    }

    return DT_NEXT;
}


ngx_int_t
comment_insert(dt_call_t *call)
{
    const char  *values[] = {
        dt_call_viewer(call),
        dt_call_param(call, 0),
        (char *) call->input[COMMENT_BODY].text.data,
        (char *) call->traceparent.data
    };

    return dt_query(call, &sql_comment_create, values);
}


ngx_int_t
comment_update(dt_call_t *call)
{
    const char  *values[] = {
        dt_call_viewer(call),
        dt_call_param(call, 0),
        dt_call_param(call, 1),
        (char *) call->input[COMMENT_BODY].text.data,
        (char *) call->traceparent.data
    };

    return dt_query(call, &sql_comment_update, values);
}


ngx_int_t
comment_delete(dt_call_t *call)
{
    const char  *values[] = {
        dt_call_viewer(call),
        dt_call_param(call, 0),
        dt_call_param(call, 1),
        (char *) call->traceparent.data
    };

    return dt_query(call, &sql_comment_delete, values);
}
