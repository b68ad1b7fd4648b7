/*
 * Routes: a service's table of what it answers, and the tree that finds a
 * row by method and path.
 */

#ifndef _DT_ROUTE_H_INCLUDED_
#define _DT_ROUTE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_input.h"


typedef struct dt_call_s     dt_call_t;
typedef struct dt_service_s  dt_service_t;


typedef enum {
    DT_GET = 1,          /* HEAD is answered by it */
    DT_POST,
    DT_PUT,
    DT_DELETE,
    DT_METHODS
} dt_method_e;


/* "GET" and so on, by dt_method_e. */
extern const char *const  dt_method_names[DT_METHODS];


/* Who may call.  Zero is no rule: nginx refuses to start with it. */
typedef enum {
    DT_ANYONE = 1,       /* a token is welcome, a bad one is 401 */
    DT_SIGNED_IN         /* 401 without a token */
} dt_access_e;


/* Which of the gateway's limits counts a call: $devtalk_limit_<class>. */
typedef enum {
    DT_RATE_READ = 1,
    DT_RATE_WRITE,
    DT_RATE_LOGIN,
    DT_RATE_NONE
} dt_rate_e;


/*
 * What a step returns.  A parked call is resumed by dt_call_resume() and
 * goes on with the step behind the one that parked it.
 */
#define DT_NEXT      NGX_OK
#define DT_PARKED    NGX_AGAIN
#define DT_ANSWERED  NGX_DONE
#define DT_FAILED    NGX_ERROR      /* dt_fail() was called */

typedef ngx_int_t (*dt_step_t)(dt_call_t *call);


typedef struct {
    dt_method_e         method;
    const char         *pattern;    /* "/api/articles/{slug}" */
    dt_access_e         access;
    dt_rate_e           rate;
    const dt_input_t   *input;      /* NULL: takes none, a body is ignored */
    const dt_step_t    *steps;      /* NULL at the end */
} dt_route_t;


#define DT_ROUTE_PARAMS  4

typedef struct {
    const dt_route_t     *route;        /* NULL: not found, or 405 if allow */
    const dt_service_t   *service;
    ngx_uint_t            index;        /* dense, for counters */
    ngx_str_t             label;        /* "GET /api/articles/{slug}"; the
                                           router's */
    ngx_uint_t            allow;        /* bit (1 << dt_method_e) of each
                                           method that the path knows */
    ngx_str_t             params[DT_ROUTE_PARAMS];   /* slices of the path */
} dt_match_t;


typedef struct dt_router_s  dt_router_t;

/* In "pool"; NULL when memory is short. */
dt_router_t *dt_router_create(ngx_pool_t *pool);

/* Adds a row; "index" comes back in matches.  NGX_DECLINED if the method
 * and pattern are taken or the pattern is not one of ours. */
ngx_int_t dt_router_add(dt_router_t *router, const dt_service_t *service,
    const dt_route_t *route, ngx_uint_t index);

/* "method" 0 is a method that no route has.  A literal segment wins over a
 * parameter; an empty segment matches nothing. */
void dt_router_find(const dt_router_t *router, ngx_uint_t method,
    const ngx_str_t *path, dt_match_t *match);


#endif /* _DT_ROUTE_H_INCLUDED_ */
