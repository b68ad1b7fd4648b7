/*
 * A request's body, for dt_call.c.
 */

#ifndef _DT_BODY_H_INCLUDED_
#define _DT_BODY_H_INCLUDED_


#include "dt_call.h"


/* What can be said before it is read: DT_NEXT, or the call fails with 400,
 * 413 or 415. */
ngx_int_t dt_body_rules(dt_call_t *call);

/* Takes call->input from the body that was read, by the route's rules. */
ngx_int_t dt_body_parse(dt_call_t *call);

/* At the call's end: passwords do not stay in memory that the next request
 * gets. */
void dt_body_wipe(dt_call_t *call);


#endif /* _DT_BODY_H_INCLUDED_ */
