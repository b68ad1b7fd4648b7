/*
 * A service that does no work, for the bench: what the way to a service and
 * back costs.  GET /api/null.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "dt_core.h"


static ngx_int_t null_answer(dt_call_t *call);


static const dt_step_t  null_read[] = {
    null_answer,
    NULL
};

static const dt_route_t  null_routes[] = {

    { DT_GET, "/api/null",
      DT_ANYONE, DT_RATE_READ, NULL, null_read },

    { 0, NULL, 0, 0, NULL, NULL }
};

static const dt_sql_t *const  null_statements[] = { NULL };


static const dt_service_t  null_service = {
    DT_ABI,
    "null",
    null_routes,
    null_statements,
    NULL,
    NULL
};


static ngx_command_t  null_commands[] = {

    { ngx_string("devtalk_null"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      dt_service_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      (void *) &null_service },

      ngx_null_command
};


static ngx_http_module_t  null_ctx = {
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
};


ngx_module_t  ngx_devtalk_null_module = {
    NGX_MODULE_V1,
    &null_ctx,                     /* module context */
    null_commands,                 /* module directives */
    NGX_HTTP_MODULE,               /* module type */
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};


/* What nginx's build makes for a dynamic module. */

ngx_module_t  *ngx_modules[] = { &ngx_devtalk_null_module, NULL };
char          *ngx_module_names[] = { "ngx_devtalk_null_module", NULL };
char          *ngx_module_order[] = { NULL };


static ngx_int_t
null_answer(dt_call_t *call)
{
    static const ngx_str_t  json = ngx_string("{\"null\":true}");

    return dt_reply_json(call, NGX_HTTP_OK, &json);
}
