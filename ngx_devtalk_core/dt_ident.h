/*
 * Who a request is: X-Request-Id, and its place in a trace (W3C Trace
 * Context).
 */

#ifndef _DT_IDENT_H_INCLUDED_
#define _DT_IDENT_H_INCLUDED_


#include "dt_call.h"


/* Sets call->id and call->traceparent: a well-formed id of the client's is
 * kept, a well-formed trace is continued with a span of ours. */
ngx_int_t dt_ident_take(dt_call_t *call);

/* For core's init_process: ids of two workers never meet. */
ngx_int_t dt_ident_init_worker(ngx_cycle_t *cycle);


#endif /* _DT_IDENT_H_INCLUDED_ */
