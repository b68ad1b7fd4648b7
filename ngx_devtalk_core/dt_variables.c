#include "dt_core.h"
#include "dt_variables.h"


#define DT_PATH_MAX  512      /* bytes that the log has of a path */


static ngx_int_t dt_variable_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t dt_variable_route(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t dt_variable_path(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
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
    ngx_str_t          text;
    dt_call_t         *call;
    const dt_route_t  *route;

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_ERROR;
    }

    route = call->match.route;
    ngx_str_set(&text, "");

    if (route) {
        text = dt_call_format(call, "%s %s", dt_method_names[route->method],
                              route->pattern);
        if (text.data == NULL) {
            return NGX_ERROR;
        }
    }

    dt_variable_set(v, &text);

    return NGX_OK;
}


/* nginx's escape=json lets bytes pass that are no text. */

static ngx_int_t
dt_variable_path(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char      ch, *p;
    ngx_str_t   path;
    ngx_uint_t  i;

    path.len = ngx_min(r->unparsed_uri.len, DT_PATH_MAX);
    path.data = ngx_pnalloc(r->pool, 3 * path.len + 1);
    if (path.data == NULL) {
        return NGX_ERROR;
    }

    p = path.data;

    for (i = 0; i < path.len; i++) {
        ch = r->unparsed_uri.data[i];

        if (ch == '?' || ch == '#') {
            break;
        }

        if (ch <= ' ' || ch >= 0x7f || ch == '"' || ch == '\\') {
            p = ngx_sprintf(p, "%%%02Xd", ch);

        } else {
            *p++ = ch;
        }
    }

    path.len = p - path.data;
    dt_variable_set(v, &path);

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
    v->data = text->data;
    v->len = text->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}
