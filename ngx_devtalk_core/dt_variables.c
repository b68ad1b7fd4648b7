#include "dt_core.h"
#include "dt_variables.h"


/* bytes that the log has */

#define DT_METHOD_MAX  20     /* none of IANA's registry is longer */
#define DT_PATH_MAX    512


static ngx_int_t dt_variable_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t dt_variable_route(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t dt_variable_method(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t dt_variable_path(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_inline ngx_uint_t dt_variable_plain(u_char ch);
static ngx_int_t dt_variable_escape(ngx_pool_t *pool, ngx_str_t *path,
    const u_char *end);
static ngx_int_t dt_variable_user(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t dt_variable_pg_ms(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t dt_variable_limit(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void dt_variable_set(ngx_http_variable_value_t *v,
    const ngx_str_t *text);


static ngx_http_variable_t  dt_variables[] = {

    { ngx_string("devtalk_request_id"), NULL, dt_variable_id,
      offsetof(dt_call_t, id), 0, 0 },

    { ngx_string("devtalk_traceparent"), NULL, dt_variable_id,
      offsetof(dt_call_t, traceparent), 0, 0 },

    { ngx_string("devtalk_method"), NULL, dt_variable_method, 0, 0, 0 },

    { ngx_string("devtalk_route"), NULL, dt_variable_route, 0, 0, 0 },

    { ngx_string("devtalk_path"), NULL, dt_variable_path, 0, 0, 0 },

    { ngx_string("devtalk_user"), NULL, dt_variable_user, 0, 0, 0 },

    { ngx_string("devtalk_pg_ms"), NULL, dt_variable_pg_ms, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("devtalk_limit_read"), NULL, dt_variable_limit,
      DT_RATE_READ, 0, 0 },

    { ngx_string("devtalk_limit_write"), NULL, dt_variable_limit,
      DT_RATE_WRITE, 0, 0 },

    { ngx_string("devtalk_limit_login"), NULL, dt_variable_limit,
      DT_RATE_LOGIN, 0, 0 },

      ngx_http_null_variable
};


ngx_int_t
dt_variables_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = dt_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
dt_variable_id(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    dt_call_t  *call;

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_ERROR;
    }

    dt_variable_set(v, (ngx_str_t *) ((u_char *) call + data));

    return NGX_OK;
}


static ngx_int_t
dt_variable_route(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    dt_call_t  *call;

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_ERROR;
    }

    dt_variable_set(v, &call->match.label);

    return NGX_OK;
}


/* As it was asked: an error page is fetched by GET.  Empty if the line has no
 * method that could be one. */

static ngx_int_t
dt_variable_method(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char     *p, *end;
    ngx_str_t   method;

    method.data = r->request_line.data;
    end = method.data + ngx_min(r->request_line.len, DT_METHOD_MAX + 1);

    for (p = method.data;
         p < end && ((*p >= 'A' && *p <= 'Z') || *p == '_' || *p == '-');
         p++)
    {
        /* void */
    }

    method.len = p < end && *p == ' ' ? p - method.data : 0;
    dt_variable_set(v, &method);

    return NGX_OK;
}


/* nginx's escape=json lets bytes pass that are no text. */

static ngx_int_t
dt_variable_path(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char     *p, *end;
    ngx_str_t   path;

    path.data = r->unparsed_uri.data;
    end = path.data + ngx_min(r->unparsed_uri.len, DT_PATH_MAX);

    for (p = path.data; p < end && dt_variable_plain(*p); p++) { /* void */ }

    path.len = p - path.data;

    if (p < end && *p != '?' && *p != '#'
        && dt_variable_escape(r->pool, &path, end) != NGX_OK)
    {
        return NGX_ERROR;
    }

    dt_variable_set(v, &path);

    return NGX_OK;
}


/* What stands in a log's line as it is. */

static ngx_inline ngx_uint_t
dt_variable_plain(u_char ch)
{
    static const uint32_t  special[] = {
        0xffffffff,         /* controls */
        0x8000000d,         /* space " # ? */
        0x10000000,         /* \ */
        0x80000000,         /* delete */
        0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff
    };

    return (special[ch >> 5] & (1U << (ch & 0x1f))) == 0;
}


/* The path to "end" or the arguments; what is not plain as RFC 3986 has
 * it. */

static ngx_int_t
dt_variable_escape(ngx_pool_t *pool, ngx_str_t *path, const u_char *end)
{
    u_char        *p;
    const u_char  *from;

    from = path->data;

    path->data = ngx_pnalloc(pool, 3 * (end - from) + 1);
    if (path->data == NULL) {
        return NGX_ERROR;
    }

    p = path->data;

    for ( /* void */ ; from < end && *from != '?' && *from != '#'; from++) {

        if (dt_variable_plain(*from)) {
            *p++ = *from;

        } else {
            p = ngx_sprintf(p, "%%%02Xd", *from);
        }
    }

    path->len = p - path->data;

    return NGX_OK;
}


static ngx_int_t
dt_variable_user(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t   text;
    dt_call_t  *call;

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_ERROR;
    }

    /* also of what nginx refused before it came to a route */

    dt_call_identify(call);

    text.data = call->viewer.username;
    text.len = ngx_strlen(text.data);
    dt_variable_set(v, &text);

    return NGX_OK;
}


static ngx_int_t
dt_variable_pg_ms(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t   text;
    dt_call_t  *call;

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_ERROR;
    }

    text = dt_call_format(call, "%M", call->pg_time);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    dt_variable_set(v, &text);

    return NGX_OK;
}


/* Guessing passwords is counted by address, whoever it is signed in as. */

static ngx_int_t
dt_variable_limit(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t   text;
    dt_call_t  *call;

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&text, "");

    if (call->match.route && call->match.route->rate == data) {

        text = call->viewer.user && data != DT_RATE_LOGIN
               ? dt_call_format(call, "u%L", call->viewer.user)
               : r->connection->addr_text;
    }

    dt_variable_set(v, &text);

    return NGX_OK;
}


static void
dt_variable_set(ngx_http_variable_value_t *v, const ngx_str_t *text)
{
    /* nginx's log copies even nothing from where it is said to be */

    v->data = text->len ? text->data : (u_char *) "";
    v->len = text->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}
