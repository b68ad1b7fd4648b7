/*
 * The auth service: who may call.
 */

#include "auth.h"
#include "auth_password.h"
#include "auth_revocation.h"
#include "auth_service.h"
#include "auth_sql.h"


static char *auth_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static ngx_int_t auth_init_worker(ngx_cycle_t *cycle);


/* A login or a new account costs a hash: both count as logins. */

static const dt_route_t  auth_routes[] = {
    { DT_POST, "/api/users",        DT_ANYONE,    DT_RATE_LOGIN,
      &auth_user_add_input,    auth_user_add },
    { DT_POST, "/api/users/login",  DT_ANYONE,    DT_RATE_LOGIN,
      &auth_login_input,       auth_login },
    { DT_POST, "/api/users/logout", DT_SIGNED_IN, DT_RATE_WRITE,
      NULL,                    auth_logout },
    { DT_POST, "/api/sessions",     DT_ANYONE,    DT_RATE_LOGIN,
      &auth_session_add_input, auth_session_add },
    { DT_POST, "/api/sessions/refresh", DT_ANYONE, DT_RATE_WRITE,
      &auth_session_refresh_input, auth_session_refresh },
    { DT_GET,  "/api/sessions",     DT_SIGNED_IN, DT_RATE_READ,
      NULL,                    auth_session_list },
    { DT_DELETE, "/api/sessions",   DT_SIGNED_IN, DT_RATE_WRITE,
      NULL,                    auth_session_remove_all },
    { DT_DELETE, "/api/sessions/{session}", DT_SIGNED_IN, DT_RATE_WRITE,
      NULL,                    auth_session_remove },
    { DT_GET,  "/api/user",         DT_SIGNED_IN, DT_RATE_READ,
      NULL,                    auth_user_show },
    { DT_PUT,  "/api/user",         DT_SIGNED_IN, DT_RATE_WRITE,
      &auth_user_update_input, auth_user_update },
    { DT_DELETE, "/api/user",       DT_SIGNED_IN, DT_RATE_WRITE,
      NULL,                    auth_user_delete },
    { 0, NULL, 0, 0, NULL, NULL }
};


const dt_service_t  auth_service = {
    DT_ABI,
    "auth",
    auth_routes,
    auth_statements,
    NULL,                          /* follows no topic */
    auth_init_worker
};


static ngx_command_t  auth_commands[] = {

    { ngx_string("devtalk_auth"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      auth_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      (void *) &auth_service },

      ngx_null_command
};


static ngx_http_module_t  auth_module_ctx = {
    NULL,                          /* preconfiguration */
    NULL,                          /* postconfiguration */

    NULL,                          /* create main configuration */
    NULL,                          /* init main configuration */

    NULL,                          /* create server configuration */
    NULL,                          /* merge server configuration */

    NULL,                          /* create location configuration */
    NULL                           /* merge location configuration */
};


ngx_module_t  ngx_devtalk_auth_module = {
    NGX_MODULE_V1,
    &auth_module_ctx,              /* module context */
    auth_commands,                 /* module directives */
    NGX_HTTP_MODULE,               /* module type */
    NULL,                          /* init master */
    NULL,                          /* init module */
    NULL,                          /* init process */
    NULL,                          /* init thread */
    NULL,                          /* exit thread */
    NULL,                          /* exit process */
    NULL,                          /* exit master */
    NGX_MODULE_V1_PADDING
};


static char *
auth_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    if (auth_password_configure(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return dt_service_enable(cf, cmd, conf);
}


static ngx_int_t
auth_init_worker(ngx_cycle_t *cycle)
{
    if (auth_password_init_worker(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    return auth_revocation_init_worker(cycle);
}
