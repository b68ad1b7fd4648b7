/*
 * Counters in shared memory.  They live in one block, whose shape depends on
 * the routes: a reload with other ones starts from zero.
 */

#include "dt_core.h"
#include "dt_kafka.h"
#include "dt_metrics_text.h"


static ngx_int_t dt_metrics_zone_init(ngx_shm_zone_t *zone, void *data);
static uint32_t dt_metrics_shape(const dt_main_conf_t *dmcf);
static ngx_int_t dt_metrics_log(ngx_http_request_t *r);
static ngx_uint_t dt_metrics_bucket(ngx_msec_t time);
static ngx_uint_t dt_metrics_status(ngx_uint_t status);
static void dt_metrics_tick(ngx_event_t *ev);


const ngx_uint_t  dt_metrics_statuses[DT_METRICS_STATUSES] = {
    200, 201, 204, 301, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413,
    414, 415, 422, 429, 499, 500, 502, 503, 504, 0
};

const ngx_msec_t  dt_metrics_bounds[DT_METRICS_BUCKETS] = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000
};

static ngx_event_t        dt_metrics_timer;
static ngx_connection_t   dt_metrics_timer_connection;


ngx_int_t
dt_metrics_zone(ngx_conf_t *cf)
{
    size_t            size;
    dt_main_conf_t   *dmcf;
    static ngx_str_t  name = ngx_string("devtalk_metrics");

    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_devtalk_core_module);

    size = sizeof(dt_metrics_t) + dmcf->routes * sizeof(dt_metrics_route_t);
    size = ngx_align(2 * size + 16 * ngx_pagesize, ngx_pagesize);

    dmcf->metrics_zone = ngx_shared_memory_add(cf, &name, size,
                                               &ngx_devtalk_core_module);
    if (dmcf->metrics_zone == NULL) {
        return NGX_ERROR;
    }

    dmcf->metrics_zone->init = dt_metrics_zone_init;
    dmcf->metrics_zone->data = dmcf;

    return NGX_OK;
}


static ngx_int_t
dt_metrics_zone_init(ngx_shm_zone_t *zone, void *data)
{
    size_t            size;
    uint32_t          shape;
    dt_main_conf_t   *dmcf, *old;
    dt_metrics_t     *metrics;
    ngx_slab_pool_t  *pool;

    dmcf = zone->data;
    old = data;

    pool = (ngx_slab_pool_t *) zone->shm.addr;
    shape = dt_metrics_shape(dmcf);
    size = sizeof(dt_metrics_t) + dmcf->routes * sizeof(dt_metrics_route_t);

    if ((old || zone->shm.exists) && pool->data) {
        metrics = pool->data;

        if (metrics->routes == dmcf->routes && metrics->shape == shape) {
            dmcf->metrics = metrics;
            return NGX_OK;
        }

        /* workers that leave may still count in it: into nobody's figures */

        ngx_slab_free(pool, metrics);
    }

    metrics = ngx_slab_calloc(pool, size);
    if (metrics == NULL) {
        return NGX_ERROR;
    }

    metrics->routes = dmcf->routes;
    metrics->shape = shape;
    pool->data = metrics;
    dmcf->metrics = metrics;

    return NGX_OK;
}


static uint32_t
dt_metrics_shape(const dt_main_conf_t *dmcf)
{
    uint32_t           crc;
    ngx_uint_t         i;
    const dt_route_t  *route;

    ngx_crc32_init(crc);

    for (i = 0; i < dmcf->routes; i++) {
        route = dmcf->route[i];
        ngx_crc32_update(&crc, (u_char *) &route->method,
                         sizeof(dt_method_e));
        ngx_crc32_update(&crc, (u_char *) route->pattern,
                         ngx_strlen(route->pattern) + 1);
    }

    ngx_crc32_final(crc);

    return crc;
}


ngx_int_t
dt_metrics_log_phase(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = dt_metrics_log;

    return NGX_OK;
}


static ngx_int_t
dt_metrics_log(ngx_http_request_t *r)
{
    dt_call_t             *call;
    ngx_time_t            *tp;
    ngx_msec_int_t         ms;
    dt_metrics_route_t    *route;
    const dt_main_conf_t  *dmcf;

    dmcf = dt_main_conf();
    if (dmcf == NULL) {
        return NGX_OK;
    }

    call = ngx_http_get_module_ctx(r, ngx_devtalk_core_module);

    if (call == NULL || call->match.route == NULL) {
        return NGX_OK;
    }

    tp = ngx_timeofday();
    ms = (tp->sec - r->start_sec) * 1000 + (tp->msec - r->start_msec);
    ms = ngx_max(ms, 0);

    route = &dmcf->metrics->route[call->match.index];

    (void) ngx_atomic_fetch_add(
        &route->status[dt_metrics_status(r->headers_out.status)], 1);
    (void) ngx_atomic_fetch_add(&route->bucket[dt_metrics_bucket(ms)], 1);
    (void) ngx_atomic_fetch_add(&route->time, ms);

    return NGX_OK;
}


static ngx_uint_t
dt_metrics_status(ngx_uint_t status)
{
    ngx_uint_t  i;

    for (i = 0; i < DT_METRICS_STATUSES - 1; i++) {
        if (dt_metrics_statuses[i] == status) {
            break;
        }
    }

    return i;
}


static ngx_uint_t
dt_metrics_bucket(ngx_msec_t time)
{
    ngx_uint_t  i;

    for (i = 0; i < DT_METRICS_BUCKETS && time > dt_metrics_bounds[i]; i++) {
        /* void */
    }

    return i;
}


void
dt_count(dt_counter_e counter, ngx_uint_t n)
{
    const dt_main_conf_t  *dmcf;

    dmcf = dt_main_conf();

    if (dmcf) {
        (void) ngx_atomic_fetch_add(&dmcf->metrics->counter[counter], n);
    }
}


void
dt_gauge(dt_gauge_e gauge, ngx_uint_t service, ngx_uint_t value)
{
    dt_metrics_gauge_t    *g;
    const dt_main_conf_t  *dmcf;

    dmcf = dt_main_conf();

    if (dmcf == NULL || service >= DT_SERVICES) {
        return;
    }

    g = &dmcf->metrics->gauge[gauge][service]
                             [ngx_worker % DT_METRICS_WORKERS];
    g->value = value;
    g->time = ngx_time();
}


ngx_int_t
dt_gauge_max(dt_gauge_e gauge, ngx_uint_t service, ngx_uint_t *value)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    const dt_metrics_gauge_t  *g;

    rc = NGX_DECLINED;
    *value = 0;

    for (i = 0; i < DT_METRICS_WORKERS; i++) {
        g = &dt_main_conf()->metrics->gauge[gauge][service][i];

        if (g->time + DT_METRICS_FRESH >= ngx_time()) {
            *value = ngx_max(*value, (ngx_uint_t) g->value);
            rc = NGX_OK;
        }
    }

    return rc;
}


ngx_int_t
dt_metrics_init_worker(ngx_cycle_t *cycle)
{
    dt_metrics_timer_connection.fd = (ngx_socket_t) -1;

    dt_metrics_timer.handler = dt_metrics_tick;
    dt_metrics_timer.data = &dt_metrics_timer_connection;
    dt_metrics_timer.log = cycle->log;
    dt_metrics_timer.cancelable = 1;

    ngx_add_timer(&dt_metrics_timer, 1);

    return NGX_OK;
}


static void
dt_metrics_tick(ngx_event_t *ev)
{
    ngx_uint_t                i;
    dt_pg_stat_t              stat;
    const dt_main_conf_t     *dmcf;
    const dt_service_conf_t  *sc;

    dmcf = dt_main_conf();
    sc = dmcf->services.elts;

    for (i = 0; i < dmcf->services.nelts; i++) {
        dt_pg_stat(dt_service_pool(sc[i].service), &stat);

        dt_gauge(DT_G_PG_CONNECTIONS, i, stat.connections);
        dt_gauge(DT_G_PG_READY, i, stat.ready);
        dt_gauge(DT_G_PG_IN_FLIGHT, i, stat.in_flight);
        dt_gauge(DT_G_PG_WAITING, i, stat.waiting);
        dt_gauge(DT_G_PG_LOST, i, stat.lost);
        dt_gauge(DT_G_PG_REFUSED, i, stat.refused);
    }

    dt_gauge(DT_G_KAFKA_UP, 0, dt_kafka_up());
    dt_gauge(DT_G_KAFKA_LATENCY, 0, dt_kafka_latency());

    ngx_add_timer(ev, 1000);
}
