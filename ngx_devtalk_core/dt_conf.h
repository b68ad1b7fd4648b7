/*
 * What the directives of core say.  Written at configuration time, constant
 * while serving.
 */

#ifndef _DT_CONF_H_INCLUDED_
#define _DT_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "dt_pg.h"
#include "dt_service.h"
#include "dt_token.h"


typedef struct {
    const dt_service_t   *service;
    const dt_pg_conf_t   *pg;
    ngx_uint_t            first_route;    /* index of its first route */
} dt_service_conf_t;


typedef struct {
    ngx_array_t           services;       /* dt_service_conf_t: enabled in
                                             some location */
    ngx_array_t           postgres;       /* dt_pg_conf_t, by service name */

    /* devtalk_redis HOST:PORT [password_file=] [timeout=] */
    ngx_str_t             redis_host;     /* numeric; NUL-terminated */
    ngx_uint_t            redis_port;     /* 0: no Redis configured */
    ngx_str_t             redis_password; /* NUL-terminated or empty */
    ngx_msec_t            redis_timeout;

    /* devtalk_kafka BROKERS; empty: none */
    ngx_str_t             kafka_brokers;  /* NUL-terminated */

    /* devtalk_cache SIZE [lifetime=] */
    ngx_shm_zone_t       *cache_zone;     /* NULL: no cache */
    time_t                cache_lifetime; /* seconds */

    ngx_shm_zone_t       *metrics_zone;
    struct dt_metrics_s  *metrics;        /* in the zone */

    dt_token_conf_t       token;

    ngx_uint_t            routes;         /* of all services */
    const dt_route_t    **route;          /* by index */
} dt_main_conf_t;


typedef struct {
    ngx_array_t          *services;       /* const dt_service_t *, here */
    dt_router_t          *router;
} dt_loc_conf_t;


extern ngx_module_t  ngx_devtalk_core_module;

/* Of the running cycle; for use in workers. */
const dt_main_conf_t *dt_main_conf(void);

/* The place of a service in dt_main_conf()->services. */
ngx_uint_t dt_service_index(const dt_service_t *service);


/* Handlers of the directives (dt_conf.c). */
char *dt_conf_postgres(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *dt_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *dt_conf_kafka(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *dt_conf_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *dt_conf_jwt(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *dt_conf_jwt_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


#endif /* _DT_CONF_H_INCLUDED_ */
