/*
 * A service as core sees it, and the way it gets into nginx's configuration.
 */

#ifndef _DT_SERVICE_H_INCLUDED_
#define _DT_SERVICE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "dt_pg.h"
#include "dt_route.h"


/* Raised with each change of the structures that services compile in. */
#define DT_ABI  1

/* So many may be enabled in one nginx. */
#define DT_SERVICES  8


/* A topic that a service follows.  See dt_consumer.h. */
typedef struct {
    const char       *topic;     /* "devtalk.articles" */
    const dt_sql_t   *effect;    /* inbox row and effect in one statement */
} dt_subscription_t;


struct dt_service_s {
    ngx_uint_t                 abi;            /* DT_ABI */
    const char                *name;           /* "articles": schema, consumer
                                                  group, metrics, directive
                                                  devtalk_postgres's word */
    const dt_route_t          *routes;         /* pattern NULL at the end */
    const dt_sql_t *const     *statements;     /* NULL at the end */
    const dt_subscription_t   *subscriptions;  /* topic NULL at the end, or
                                                  NULL */

    /* For init_process of each worker, behind core's own; or NULL. */
    ngx_int_t                (*init_worker)(ngx_cycle_t *cycle);
};


/*
 * Handler of a service's directive (context location, no arguments), whose
 * ngx_command_t has the dt_service_t in "post": adds the service's routes to
 * the location.
 */
char *dt_service_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* The service's pool of connections in this worker; never NULL while a
 * worker serves. */
dt_pg_pool_t *dt_service_pool(const dt_service_t *service);


#endif /* _DT_SERVICE_H_INCLUDED_ */
