/*
 * Statements as steps see them: send one, park, read its row.
 *
 * Column names have a meaning for core:
 *     outcome   "ok", or an error and what it is about:
 *               "not_found:article" "forbidden:comment" "taken:username"
 *               "stale:article" "invalid:<field>" "unauthorized:credentials"
 *     reply     the JSON text of the answer
 *     etag      version of what "reply" shows, without quotes
 *     stamp     pg_snapshot_xmin(pg_current_snapshot()) of a read
 *     deps      what "reply" was made from: "a:17 u:5"
 *     slots     ids for the viewer's fields, in the order of the text:
 *               "f17 o5 f18 o6": f favorited of article, o following of author
 *     mark      pg_current_xact_id() of a write
 *     marks     what the write changed: "a:17 front"
 *     next      keyset position behind the last row: "<microseconds>.<id>",
 *               or NULL
 *     location  where a 301 leads, or NULL
 */

#ifndef _DT_QUERY_H_INCLUDED_
#define _DT_QUERY_H_INCLUDED_


#include "dt_call.h"


/*
 * Sends a statement of the call's service and parks; "values" as in
 * dt_pg_submit() (the strings live in the call's pool or longer).  The next
 * step finds call->rows.  A refused unique constraint named
 * <table>_<field>_key fails the call as 409 "<field>: has already been
 * taken".  dt_query_try() lets the next step see such a refusal instead, as
 * call->rows == NULL, so that it can try another value.
 */
ngx_int_t dt_query(dt_call_t *call, const dt_sql_t *sql,
    const char *const *values);
ngx_int_t dt_query_try(dt_call_t *call, const dt_sql_t *sql,
    const char *const *values);

/* A column of the first row; len 0 and data NULL if it is NULL, not there, or
 * there is no row.  Lives as long as the call. */
ngx_str_t dt_column(dt_call_t *call, const char *name);


/* Columns mark and marks of a row that no call waits for:
 * dt_cache_mark_now(). */
void dt_result_mark(const PGresult *result, int row);


/* Steps. */

/* Fails the call by column "outcome"; also takes mark and marks. */
ngx_int_t dt_outcome(dt_call_t *call);

/* call->cached from reply, etag, stamp, deps, slots; no row: leaves NULL. */
ngx_int_t dt_cached_from_row(dt_call_t *call);


#endif /* _DT_QUERY_H_INCLUDED_ */
