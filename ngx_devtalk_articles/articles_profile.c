/*
 * Authors as readers see them, and following them.
 */

#include "articles.h"
#include "articles_sql.h"


static ngx_int_t profile_follow_send(dt_call_t *call, const dt_sql_t *sql);


ngx_int_t
profile_select(dt_call_t *call)
{
    const char  *values[] = {
        dt_call_param(call, 0),
        dt_call_viewer(call)
    };

    return dt_query(call, &sql_profile, values);
}


ngx_int_t
profile_follow(dt_call_t *call)
{
    return profile_follow_send(call, &sql_follow);
}


ngx_int_t
profile_unfollow(dt_call_t *call)
{
    return profile_follow_send(call, &sql_unfollow);
}


static ngx_int_t
profile_follow_send(dt_call_t *call, const dt_sql_t *sql)
{
    const char  *values[] = {
        dt_call_viewer(call),
        dt_call_param(call, 0),
        (char *) call->traceparent.data
    };

    return dt_query(call, sql, values);
}
