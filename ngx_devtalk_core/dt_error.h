/*
 * The closed list of what can go wrong with a call, and what the client
 * sees of it (RFC 9457 problem details).  Nothing else reaches a client.
 */

#ifndef _DT_ERROR_H_INCLUDED_
#define _DT_ERROR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    DT_NO_ERROR = 0,

    DT_MALFORMED,        /* 400: not HTTP, JSON or a cursor as we know them */
    DT_UNAUTHORIZED,     /* 401: no token, or not a good one */
    DT_FORBIDDEN,        /* 403: somebody else's */
    DT_NOT_FOUND,        /* 404 */
    DT_METHOD,           /* 405: with Allow */
    DT_CONFLICT,         /* 409: the name is taken */
    DT_STALE,            /* 412: If-Match names another version */
    DT_TOO_LARGE,        /* 413 */
    DT_URI_TOO_LONG,     /* 414 */
    DT_MEDIA_TYPE,       /* 415: not application/json */
    DT_INVALID,          /* 422: well-formed, but breaks an input rule */
    DT_TOO_MANY,         /* 429: with Retry-After */
    DT_INTERNAL,         /* 500: our fault; the log has the reason */
    DT_UNAVAILABLE,      /* 503: a server is away or its queue is full */

    DT_ERRORS            /* their number, not an error */
} dt_error_e;


typedef struct {
    ngx_uint_t  status;      /* HTTP status */
    ngx_uint_t  level;       /* NGX_LOG_*: how loud the log says it */
    ngx_str_t   code;        /* stable, for programs: "not_found" */
    ngx_str_t   title;       /* the status' name (RFC 9110 §15) */
    ngx_str_t   detail;      /* for persons */
} dt_error_t;


/* The row of an error.  Never NULL for a member of the list. */
const dt_error_t *dt_error(dt_error_e error);

/* The error for a status nginx itself chose; DT_INTERNAL for the unknown. */
dt_error_e dt_error_by_status(ngx_uint_t status);


#endif /* _DT_ERROR_H_INCLUDED_ */
