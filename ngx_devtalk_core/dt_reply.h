/*
 * Answers: JSON that PostgreSQL built.  What goes wrong is in dt_problem.h.
 */

#ifndef _DT_REPLY_H_INCLUDED_
#define _DT_REPLY_H_INCLUDED_


#include "dt_call.h"


/* Sends "json" (in the call's pool, or longer-lived) and answers the call.
 * status 204 sends no body. */
ngx_int_t dt_reply_json(dt_call_t *call, ngx_uint_t status,
    const ngx_str_t *json);

/* The same with a type of its own; returns what ngx_http_finalize_request()
 * takes, and leaves the call as it is. */
ngx_int_t dt_reply_send(dt_call_t *call, ngx_uint_t status,
    const ngx_str_t *type, const ngx_str_t *body);

/* Adds a response header; both strings live as long as the call. */
ngx_int_t dt_reply_header(dt_call_t *call, const char *name,
    const ngx_str_t *value);

/* Link: rel="next" (RFC 8288) with the cursor of a position
 * "<microseconds>.<id>"; nothing for an empty one. */
ngx_int_t dt_reply_next(dt_call_t *call, const ngx_str_t *position);


/* Steps: column "reply" of the last statement with 200, 201; nothing with
 * 204; call->cached with 200 (304 by If-None-Match, RFC 9110 §13.1.2), the
 * viewer's slots filled in as "call->seen" says. */
ngx_int_t dt_reply_ok(dt_call_t *call);
ngx_int_t dt_reply_created(dt_call_t *call);
ngx_int_t dt_reply_empty(dt_call_t *call);
ngx_int_t dt_reply_cached(dt_call_t *call);


#endif /* _DT_REPLY_H_INCLUDED_ */
