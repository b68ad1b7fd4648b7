/*
 * A worker's start and end.
 */

#include "dt_core.h"
#include "dt_consumer.h"
#include "dt_ident.h"
#include "dt_kafka.h"
#include "dt_redis.h"
#include "dt_relay.h"
#include "dt_worker.h"
#include "core_sql.h"


static ngx_int_t dt_worker_pools(ngx_cycle_t *cycle);
static dt_pg_pool_t *dt_worker_pool(ngx_cycle_t *cycle,
    const dt_service_conf_t *sc);
static ngx_int_t dt_worker_events(ngx_cycle_t *cycle);
static ngx_int_t dt_worker_services(ngx_cycle_t *cycle);
static void dt_worker_wrote(void *data);


/* Of this worker; set once by init_process. */

static dt_main_conf_t  *dt_worker_conf;
static dt_pg_pool_t   **dt_worker_pg;


ngx_int_t
dt_worker_init(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    dt_worker_conf = ngx_http_cycle_get_module_main_conf(cycle,
                                                   ngx_devtalk_core_module);

    if (dt_worker_conf == NULL || dt_worker_conf->services.nelts == 0) {
        dt_worker_conf = NULL;
        return NGX_OK;
    }

    if (dt_ident_init_worker(cycle) != NGX_OK
        || dt_token_init_worker(cycle, &dt_worker_conf->token) != NGX_OK
        || dt_kafka_init_worker(cycle) != NGX_OK
        || dt_worker_pools(cycle) != NGX_OK
        || dt_redis_init_worker(cycle) != NGX_OK
        || dt_cache_init_worker(cycle) != NGX_OK
        || dt_metrics_init_worker(cycle) != NGX_OK
        || dt_worker_events(cycle) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return dt_worker_services(cycle);
}


void
dt_worker_exit(ngx_cycle_t *cycle)
{
    if (dt_worker_conf) {
        dt_consumer_exit_worker(cycle);
        dt_kafka_exit_worker(cycle);
        dt_redis_exit_worker(cycle);
    }
}


static ngx_int_t
dt_worker_pools(ngx_cycle_t *cycle)
{
    ngx_uint_t          i;
    dt_service_conf_t  *sc;

    sc = dt_worker_conf->services.elts;

    dt_worker_pg = ngx_pcalloc(cycle->pool, dt_worker_conf->services.nelts
                                            * sizeof(dt_pg_pool_t *));
    if (dt_worker_pg == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < dt_worker_conf->services.nelts; i++) {
        dt_worker_pg[i] = dt_worker_pool(cycle, &sc[i]);
        if (dt_worker_pg[i] == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* Prepared on each connection: the service's statements and two of core's. */

static dt_pg_pool_t *
dt_worker_pool(ngx_cycle_t *cycle, const dt_service_conf_t *sc)
{
    ngx_uint_t          n;
    const dt_sql_t    **statements;
    dt_pg_pool_init_t   init;

    for (n = 0; sc->service->statements[n]; n++) { /* void */ }

    statements = ngx_pcalloc(cycle->pool, (n + 3) * sizeof(dt_sql_t *));
    if (statements == NULL) {
        return NULL;
    }

    ngx_memcpy(statements, sc->service->statements, n * sizeof(dt_sql_t *));
    statements[n] = &sql_outbox_wake;
    statements[n + 1] = &sql_ping;

    ngx_memzero(&init, sizeof(dt_pg_pool_init_t));
    init.conf = sc->pg;
    init.statements = statements;
    init.ping = &sql_ping;
    init.on_write = dt_worker_wrote;
    init.data = (void *) sc->service;

    return dt_pg_pool_create(cycle, &init);
}


static void
dt_worker_wrote(void *data)
{
    dt_relay_wake(data);
}


/* Relays and consumers are shared out among the node's workers. */

static ngx_int_t
dt_worker_events(ngx_cycle_t *cycle)
{
    ngx_uint_t          i;
    ngx_core_conf_t    *ccf;
    dt_service_conf_t  *sc;

    if (dt_worker_conf->kafka_brokers.len == 0) {
        return NGX_OK;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    sc = dt_worker_conf->services.elts;

    for (i = 0; i < dt_worker_conf->services.nelts; i++) {

        if (ngx_process == NGX_PROCESS_WORKER
            && i % ccf->worker_processes != ngx_worker)
        {
            continue;
        }

        if (dt_relay_start(cycle, &sc[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        if (sc[i].service->subscriptions
            && dt_consumer_start(cycle, &sc[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
dt_worker_services(ngx_cycle_t *cycle)
{
    ngx_uint_t          i;
    dt_service_conf_t  *sc;

    sc = dt_worker_conf->services.elts;

    for (i = 0; i < dt_worker_conf->services.nelts; i++) {
        if (sc[i].service->init_worker
            && sc[i].service->init_worker(cycle) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


const dt_main_conf_t *
dt_main_conf(void)
{
    return dt_worker_conf;
}


dt_pg_pool_t *
dt_service_pool(const dt_service_t *service)
{
    return dt_worker_pg[dt_service_index(service)];
}
