/*
 * A call: one request on its way through a route's steps.
 *
 * The call lives in the request's pool and dies with it.  Whatever outlives
 * the request (a unit in flight, a thread task, a Redis command) holds a
 * small object of its own and is told by a pool cleanup that the call is
 * gone.
 */

#ifndef _DT_CALL_H_INCLUDED_
#define _DT_CALL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <libpq-fe.h>

#include "dt_cache.h"
#include "dt_error.h"
#include "dt_input.h"
#include "dt_route.h"
#include "dt_service.h"
#include "dt_token.h"


typedef struct dt_thread_task_s  dt_thread_task_t;
typedef struct dt_fetch_s        dt_fetch_t;

struct dt_call_s {
    ngx_http_request_t     *request;
    ngx_pool_t             *pool;          /* request->pool */
    dt_match_t              match;
    const dt_step_t        *step;          /* the one that runs or parked */

    ngx_str_t               id;            /* X-Request-Id, NUL-terminated */
    ngx_str_t               traceparent;   /* W3C Trace Context, ditto */

    dt_viewer_t             viewer;
    ngx_str_t               token;         /* as presented; empty: none */
    dt_token_e              token_state;

    dt_value_t              input[DT_INPUT_FIELDS];   /* by field's place */

    PGresult               *rows;          /* of the last statement */

    ngx_str_t               cache_key;
    dt_fetch_t             *fetch;         /* of dt_cache_fetch, for fill */
    dt_value_cached_t      *cached;
    dt_value_cached_t      *shared;        /* while cached is the viewer's */
    ngx_str_t               seen;          /* one '0' or '1' a slot of
                                              cached: the viewer's fields */
    ngx_str_t               marks;
    uint64_t                mark;

    dt_thread_task_t       *thread;

    void                   *data;          /* the service's own */

    dt_error_e              error;
    dt_problems_t           problems;      /* member "errors" of a failure */

    ngx_int_t               sent;          /* what sending the answer gave */

    ngx_event_t            *doubt;         /* the timer of a call that waits
                                              for dt_token_knows_ended() */
    ngx_msec_t              since;         /* it waits */

    ngx_msec_t              pg_time;       /* ms spent parked on PostgreSQL */

    unsigned                running:1;     /* inside the step loop */
    unsigned                resumed:1;     /* while running */
    unsigned                answered:1;
    unsigned                routed:1;
    unsigned                identified:1;
};


/* The call of a request, made at first use; routed and its token checked at
 * the first use in a location that has services (match.route is NULL
 * elsewhere).  NULL when memory is short. */
dt_call_t *dt_call_get(ngx_http_request_t *r);

/* Checks the token, once: call->viewer and call->token_state.  dt_call_get()
 * has done it where there is a route. */
void dt_call_identify(dt_call_t *call);

/*
 * Continues a parked call behind the step that parked it.  May be called
 * from any event, once for each parking; the call may be gone when it
 * returns.
 */
void dt_call_resume(dt_call_t *call);

/* The same with an error: the call is answered with it. */
void dt_call_fail(dt_call_t *call, dt_error_e error);

/*
 * "return dt_fail(call, DT_NOT_FOUND, "article", "not found");"
 * field NULL: no "errors" member.  Both are static strings.
 */
ngx_int_t dt_fail(dt_call_t *call, dt_error_e error, const char *field,
    const char *message);

/* The next step is the one behind "step", which the route must have there. */
void dt_call_skip(dt_call_t *call, dt_step_t step);

/* What an input rule said: DT_NEXT, or the call fails with it. */
ngx_int_t dt_call_check(dt_call_t *call, dt_error_e error);

/* The path parameter of that place (0 for the first), a C string in the
 * call's pool; NULL when memory is short. */
const char *dt_call_param(dt_call_t *call, ngx_uint_t n);

/* A cleanup of the call's pool: NULL when memory is short. */
ngx_pool_cleanup_t *dt_call_cleanup(dt_call_t *call,
    ngx_pool_cleanup_pt handler, void *data);

/* printf into the call's pool, NUL-terminated (not counted in len); data
 * NULL when memory is short. */
ngx_str_t dt_call_format(dt_call_t *call, const char *format, ...);

/*
 * If-Match as a parameter of a write: the tags as a text[], which one of the
 * row's has to be among (SQL etag_in()), or the outcome is "stale:<what>".
 * NULL (SQL NULL) without the field or with "*": nothing has to be.
 * NGX_ERROR: memory is short.
 */
ngx_int_t dt_call_if_match(dt_call_t *call, const char **tags);

/* The viewer's id as a C string for a statement; NULL if nobody signed in
 * (SQL NULL). */
const char *dt_call_viewer(dt_call_t *call);


/* Phase handlers and variables that core installs. */
ngx_int_t dt_call_handler(ngx_http_request_t *r);


#endif /* _DT_CALL_H_INCLUDED_ */
