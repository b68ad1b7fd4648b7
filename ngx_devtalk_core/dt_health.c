/*
 * /health and the key set.
 */

#include "dt_core.h"
#include "dt_health.h"


static ngx_int_t dt_health_handler(ngx_http_request_t *r);
static ngx_int_t dt_jwks_handler(ngx_http_request_t *r);
static ngx_int_t dt_health_send(ngx_http_request_t *r, const ngx_str_t *json);


char *
dt_health_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = dt_health_handler;

    return NGX_CONF_OK;
}


char *
dt_jwks_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = dt_jwks_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
dt_health_handler(ngx_http_request_t *r)
{
    static const ngx_str_t  alive = ngx_string("{\"status\":\"alive\"}");

    return dt_health_send(r, &alive);
}


static ngx_int_t
dt_jwks_handler(ngx_http_request_t *r)
{
    ngx_str_t  jwks;

    jwks = dt_token_jwks(r->pool, ngx_time());

    return jwks.data ? dt_health_send(r, &jwks)
                     : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
dt_health_send(ngx_http_request_t *r, const ngx_str_t *json)
{
    ngx_int_t   rc;
    dt_call_t  *call;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    (void) dt_reply_json(call, NGX_HTTP_OK, json);

    return call->sent;
}
