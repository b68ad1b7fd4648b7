/*
 * Problem documents (RFC 9457): of a call that failed, and of what nginx
 * itself refused.
 */

#include "dt_core.h"
#include "dt_problem.h"


static ngx_int_t dt_problem_handler(ngx_http_request_t *r);
static ngx_int_t dt_problem_headers(dt_call_t *call, const dt_error_t *error);
static ngx_int_t dt_problem_body(dt_call_t *call, const dt_error_t *error,
    ngx_str_t *body);
static u_char *dt_problem_fields(u_char *p, u_char *last,
    const dt_problems_t *problems);


static const ngx_str_t  dt_problem_type =
    ngx_string("application/problem+json");


char *
dt_problem_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = dt_problem_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
dt_problem_handler(ngx_http_request_t *r)
{
    ngx_int_t   rc;
    dt_call_t  *call;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    call->error = dt_error_by_status(r->err_status ? r->err_status
                                     : NGX_HTTP_NOT_FOUND);

    return dt_problem_reply(call);
}


ngx_int_t
dt_problem_reply(dt_call_t *call)
{
    ngx_str_t            body;
    const dt_error_t    *error;
    ngx_http_request_t  *r;

    r = call->request;
    error = dt_error(call->error);

    ngx_log_error(error->level, r->connection->log, 0,
                  "devtalk: %V answered to request %V%s%s%s%s",
                  &error->code, &call->id,
                  call->problems.n ? ", " : "",
                  call->problems.n ? call->problems.list[0].field : "",
                  call->problems.n ? " " : "",
                  call->problems.n ? call->problems.list[0].message : "");

    if (dt_problem_headers(call, error) != NGX_OK
        || dt_problem_body(call, error, &body) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return dt_reply_send(call, error->status, &dt_problem_type, &body);
}


static ngx_int_t
dt_problem_headers(dt_call_t *call, const dt_error_t *error)
{
    u_char                  *p;
    ngx_str_t                allow;
    ngx_uint_t               method;
    static const ngx_str_t   second = ngx_string("1");
    static const ngx_str_t   bearer = ngx_string("Bearer realm=\"devtalk\"");

    switch (call->error) {

    case DT_UNAUTHORIZED:
        return dt_reply_header(call, "WWW-Authenticate", &bearer);

    case DT_TOO_MANY:
    case DT_UNAVAILABLE:
        return dt_reply_header(call, "Retry-After", &second);

    case DT_METHOD:
        break;

    default:
        return NGX_OK;
    }

    allow.data = ngx_pnalloc(call->pool, 64);
    if (allow.data == NULL) {
        return NGX_ERROR;
    }

    p = allow.data;

    for (method = 1; method < DT_METHODS; method++) {
        if (call->match.allow & (1 << method)) {
            p = ngx_sprintf(p, "%s%s%s", p > allow.data ? ", " : "",
                            dt_method_names[method],
                            method == DT_GET ? ", HEAD" : "");
        }
    }

    if (p == allow.data) {
        p = ngx_sprintf(p, "GET, HEAD");        /* a location of core's */
    }

    allow.len = p - allow.data;

    return dt_reply_header(call, "Allow", &allow);
}


static ngx_int_t
dt_problem_body(dt_call_t *call, const dt_error_t *error, ngx_str_t *body)
{
    u_char      *p, *last;
    size_t       size;
    ngx_uint_t   i;

    size = sizeof("{\"type\":\"about:blank\",\"title\":\"\",\"status\":500,"
                  "\"detail\":\"\",\"code\":\"\",\"requestId\":\"\","
                  "\"errors\":{}}")
           + error->title.len + error->detail.len + error->code.len
           + call->id.len;

    for (i = 0; i < call->problems.n; i++) {
        size += ngx_strlen(call->problems.list[i].field)
                + ngx_strlen(call->problems.list[i].message) + 8;
    }

    body->data = ngx_pnalloc(call->pool, size);
    if (body->data == NULL) {
        return NGX_ERROR;
    }

    last = body->data + size;

    p = ngx_slprintf(body->data, last,
                     "{\"type\":\"about:blank\",\"title\":\"%V\","
                     "\"status\":%ui,\"detail\":\"%V\",\"code\":\"%V\","
                     "\"requestId\":\"%V\",\"errors\":{",
                     &error->title, error->status, &error->detail,
                     &error->code, &call->id);

    p = dt_problem_fields(p, last, &call->problems);
    p = ngx_slprintf(p, last, "}}");

    body->len = p - body->data;

    return NGX_OK;
}


/* Fields and messages are ours: nothing in them needs an escape. */

static u_char *
dt_problem_fields(u_char *p, u_char *last, const dt_problems_t *problems)
{
    ngx_uint_t  i, j;

    for (i = 0; i < problems->n; i++) {

        for (j = 0; j < i; j++) {
            if (ngx_strcmp(problems->list[j].field, problems->list[i].field)
                == 0)
            {
                break;
            }
        }

        if (j < i) {
            continue;
        }

        p = ngx_slprintf(p, last, "%s\"%s\":[\"%s\"]", i ? "," : "",
                         problems->list[i].field, problems->list[i].message);
    }

    return p;
}
