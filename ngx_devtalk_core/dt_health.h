/*
 * The gateway's own locations: /health, /ready, and the key set.
 */

#ifndef _DT_HEALTH_H_INCLUDED_
#define _DT_HEALTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* devtalk_health: 200 as long as the worker turns its loop. */
char *dt_health_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* devtalk_ready: 200 if PostgreSQL answers each service, else 503; without
 * Redis or Kafka the node serves, "degraded".  Each dependency by name with
 * its state and latency. */
char *dt_ready_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* devtalk_jwks: the public keys (RFC 7517). */
char *dt_jwks_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


#endif /* _DT_HEALTH_H_INCLUDED_ */
