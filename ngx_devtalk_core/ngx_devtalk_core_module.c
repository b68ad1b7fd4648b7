/*
 * The door of core: its directives, contexts, and the order in which a
 * worker starts.
 */

#include "dt_core.h"
#include "dt_consumer.h"
#include "dt_health.h"
#include "dt_ident.h"
#include "dt_kafka.h"
#include "dt_problem.h"
#include "dt_redis.h"
#include "dt_relay.h"
#include "dt_variables.h"
#include "dt_worker.h"


static ngx_int_t dt_core_preconfiguration(ngx_conf_t *cf);
static ngx_int_t dt_core_postconfiguration(ngx_conf_t *cf);
static void *dt_core_create_main_conf(ngx_conf_t *cf);
static char *dt_core_init_main_conf(ngx_conf_t *cf, void *conf);
static void *dt_core_create_loc_conf(ngx_conf_t *cf);


static ngx_command_t  dt_core_commands[] = {

    /* devtalk_postgres SERVICE CONNINFO [password_file=] [connections=]
     *     [slow=] [queue=] [depth=] [wait=] [timeout=] */

    { ngx_string("devtalk_postgres"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      dt_conf_postgres,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* devtalk_redis ADDRESS:PORT [password_file=] [timeout=] */

    { ngx_string("devtalk_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE123,
      dt_conf_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* devtalk_kafka ADDRESS:PORT[,ADDRESS:PORT...] */

    { ngx_string("devtalk_kafka"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      dt_conf_kafka,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* devtalk_cache SIZE [lifetime=] */

    { ngx_string("devtalk_cache"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      dt_conf_cache,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* devtalk_jwt issuer= audience= [lifetime=] */

    { ngx_string("devtalk_jwt"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE23,
      dt_conf_jwt,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* devtalk_jwt_key KID FILE [signing | until=SECONDS]; a key with an end
     * (seconds since 1970) is refused from then on */

    { ngx_string("devtalk_jwt_key"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE23,
      dt_conf_jwt_key,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* Content handlers of a location; none takes an argument. */

    { ngx_string("devtalk_health"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      dt_health_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("devtalk_ready"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      dt_ready_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("devtalk_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      dt_metrics_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("devtalk_jwks"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      dt_jwks_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* The problem document for a status of nginx's own (error_page). */

    { ngx_string("devtalk_problem"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      dt_problem_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  dt_core_ctx = {
    dt_core_preconfiguration,      /* preconfiguration */
    dt_core_postconfiguration,     /* postconfiguration */

    dt_core_create_main_conf,      /* create main configuration */
    dt_core_init_main_conf,        /* init main configuration */

    NULL,                          /* create server configuration */
    NULL,                          /* merge server configuration */

    dt_core_create_loc_conf,       /* create location configuration */
    NULL                           /* merge location configuration */
};


ngx_module_t  ngx_devtalk_core_module = {
    NGX_MODULE_V1,
    &dt_core_ctx,                  /* module context */
    dt_core_commands,              /* module directives */
    NGX_HTTP_MODULE,               /* module type */
    NULL,                          /* init master */
    NULL,                          /* init module */
    dt_worker_init,                /* init process */
    NULL,                          /* init thread */
    NULL,                          /* exit thread */
    dt_worker_exit,                /* exit process */
    NULL,                          /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
dt_core_preconfiguration(ngx_conf_t *cf)
{
    return dt_variables_add(cf);
}


static ngx_int_t
dt_core_postconfiguration(ngx_conf_t *cf)
{
    return dt_metrics_log_phase(cf);
}


static void *
dt_core_create_main_conf(ngx_conf_t *cf)
{
    dt_main_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(dt_main_conf_t));
    if (conf == NULL
        || ngx_array_init(&conf->services, cf->pool, 8,
                          sizeof(dt_service_conf_t))
           != NGX_OK
        || ngx_array_init(&conf->postgres, cf->pool, 8, sizeof(dt_pg_conf_t))
           != NGX_OK)
    {
        return NULL;
    }

    return conf;
}


static char *
dt_core_init_main_conf(ngx_conf_t *cf, void *conf)
{
    dt_main_conf_t *dmcf = conf;

    if (dmcf->services.nelts == 0) {
        return NGX_CONF_OK;
    }

    if (dt_services_configure(cf, dmcf) != NGX_OK
        || dt_metrics_zone(cf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (dmcf->token.keys == NULL || dmcf->token.issuer.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "devtalk_jwt and a devtalk_jwt_key are needed");
        return NGX_CONF_ERROR;
    }

    return dt_token_configure(cf, &dmcf->token);
}


static void *
dt_core_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(dt_loc_conf_t));
}
