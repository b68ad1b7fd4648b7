
#include "dt_error.h"


/* By dt_error_e. */

static const dt_error_t  dt_errors[] = {

    /* DT_NO_ERROR: whoever answers with it has made a mistake. */
    { 500, NGX_LOG_ERR, ngx_string("internal"),
      ngx_string("Internal Server Error"),
      ngx_string("Something went wrong on our side") },

    { 400, NGX_LOG_INFO, ngx_string("malformed"),
      ngx_string("Bad Request"),
      ngx_string("The request cannot be understood") },

    { 401, NGX_LOG_INFO, ngx_string("unauthorized"),
      ngx_string("Unauthorized"),
      ngx_string("Sign in first") },

    { 403, NGX_LOG_INFO, ngx_string("forbidden"),
      ngx_string("Forbidden"),
      ngx_string("This belongs to somebody else") },

    { 404, NGX_LOG_INFO, ngx_string("not_found"),
      ngx_string("Not Found"),
      ngx_string("There is nothing here") },

    { 405, NGX_LOG_INFO, ngx_string("method_not_allowed"),
      ngx_string("Method Not Allowed"),
      ngx_string("This method does not work here") },

    { 409, NGX_LOG_INFO, ngx_string("conflict"),
      ngx_string("Conflict"),
      ngx_string("This is taken already") },

    { 412, NGX_LOG_INFO, ngx_string("stale"),
      ngx_string("Precondition Failed"),
      ngx_string("Somebody changed this in the meantime") },

    { 413, NGX_LOG_INFO, ngx_string("too_large"),
      ngx_string("Content Too Large"),
      ngx_string("The body is too large") },

    { 414, NGX_LOG_INFO, ngx_string("uri_too_long"),
      ngx_string("URI Too Long"),
      ngx_string("The address is too long") },

    { 415, NGX_LOG_INFO, ngx_string("unsupported_media_type"),
      ngx_string("Unsupported Media Type"),
      ngx_string("The body must be application/json") },

    { 422, NGX_LOG_INFO, ngx_string("invalid"),
      ngx_string("Unprocessable Content"),
      ngx_string("The input breaks a rule") },

    { 429, NGX_LOG_NOTICE, ngx_string("too_many_requests"),
      ngx_string("Too Many Requests"),
      ngx_string("Too many requests, wait a little") },

    { 500, NGX_LOG_ERR, ngx_string("internal"),
      ngx_string("Internal Server Error"),
      ngx_string("Something went wrong on our side") },

    { 503, NGX_LOG_WARN, ngx_string("unavailable"),
      ngx_string("Service Unavailable"),
      ngx_string("The service is busy, try again soon") },
};

_Static_assert(sizeof(dt_errors) / sizeof(dt_errors[0]) == DT_ERRORS,
               "an error without a row, or a row without an error");


const dt_error_t *
dt_error(dt_error_e error)
{
    if ((ngx_uint_t) error >= DT_ERRORS) {
        error = DT_INTERNAL;
    }

    return &dt_errors[error];
}


dt_error_e
dt_error_by_status(ngx_uint_t status)
{
    ngx_uint_t  i;

    for (i = DT_MALFORMED; i < DT_ERRORS; i++) {
        if (dt_errors[i].status == status) {
            return (dt_error_e) i;
        }
    }

    switch (status) {

    case 408:        /* the client was too slow */
    case 411:        /* no Content-Length */
    case 416:        /* a range of nothing */
    case 421:        /* another host's TLS name */
    case 431:        /* the header is too large, and nginx's own for it: */
    case 494:
    case 495:        /* of client certificates */
    case 496:
    case 497:        /* plain HTTP on a TLS port */
    case 501:        /* an unknown Transfer-Encoding */
    case 505:        /* an unknown version of HTTP */
        return DT_MALFORMED;

    case 502:
    case 504:
        return DT_UNAVAILABLE;

    default:
        return DT_INTERNAL;
    }
}
