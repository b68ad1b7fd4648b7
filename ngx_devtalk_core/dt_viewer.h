/*
 * The viewer's own fields of a shared value: favorited, following.
 *
 * What a viewer favorited and whom he follows is a value of the cache too,
 * "viewer:<service>:<id>", which depends on "v:<id>": whoever changes it marks
 * that.  Its body is the set of slots where the viewer sees "true": sorted
 * names of DT_VIEWER_NAME bytes, an 'f' and the id of a favorited article or
 * an 'o' and that of a followed author, as 11 hexadecimal digits.  A set that
 * is too large to be kept is "*": then PostgreSQL is asked for the slots of
 * each reply.
 *
 * The steps of a route, behind those that have made call->cached:
 *
 *     dt_viewer_key       nobody signed in, or no slots: goes on behind
 *                         dt_viewer_seen
 *     dt_cache_fetch
 *     <a step that calls dt_viewer_select()>
 *     dt_cached_from_row
 *     dt_cache_fill
 *     <a step that calls dt_viewer_ask()>
 *     dt_viewer_seen      call->cached is the shared value again, call->seen
 *                         what the viewer sees of it
 */

#ifndef _DT_VIEWER_H_INCLUDED_
#define _DT_VIEWER_H_INCLUDED_


#include "dt_call.h"


#define DT_VIEWER_NAME  12

/* Asks for the viewer's set: "sql" takes his id and returns reply, stamp and
 * deps. */
ngx_int_t dt_viewer_select(dt_call_t *call, const dt_sql_t *sql);

/*
 * Asks for the slots of the shared value if the viewer's set is "*": "sql"
 * takes the viewer's id and the slots as column "slots" has them, and returns
 * column "seen", a '0' or '1' for each.  Goes on at once otherwise.
 */
ngx_int_t dt_viewer_ask(dt_call_t *call, const dt_sql_t *sql);


/* Steps. */

ngx_int_t dt_viewer_key(dt_call_t *call);
ngx_int_t dt_viewer_seen(dt_call_t *call);


#endif /* _DT_VIEWER_H_INCLUDED_ */
