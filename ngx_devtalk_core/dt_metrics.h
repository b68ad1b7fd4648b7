/*
 * Counters in shared memory, one set for all workers of a node; /metrics
 * shows them as Prometheus text (version 0.0.4).
 */

#ifndef _DT_METRICS_H_INCLUDED_
#define _DT_METRICS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Counters: only ever added to. */
typedef enum {
    DT_M_CACHE_ZONE_HIT = 0,
    DT_M_CACHE_REDIS_HIT,
    DT_M_CACHE_MISS,
    DT_M_CACHE_FILLED,
    DT_M_CACHE_REFUSED,        /* fills older than a mark */
    DT_M_CACHE_MARKS,
    DT_M_CACHE_MARK_LATE,      /* a node did not acknowledge in time */
    DT_M_TOKEN_REMEMBERED,
    DT_M_TOKEN_VERIFIED,
    DT_M_TOKEN_REFUSED,
    DT_M_EVENTS_PUBLISHED,
    DT_M_EVENTS_CONSUMED,
    DT_M_EVENTS_REPEATED,      /* the inbox knew it */
    DT_M_EVENTS_DEAD,
    DT_M_REDIS_LOST,
    DT_M_COUNTERS
} dt_counter_e;

void dt_count(dt_counter_e counter, ngx_uint_t n);

/* Gauges: one value for each service and worker; a value that was not set
 * again within 5 s is not shown. */
typedef enum {
    DT_G_PG_CONNECTIONS = 0,
    DT_G_PG_READY,
    DT_G_PG_IN_FLIGHT,
    DT_G_PG_WAITING,
    DT_G_PG_LOST,
    DT_G_PG_REFUSED,
    DT_G_OUTBOX_LAG,           /* rows; of the relay that works */
    DT_G_OUTBOX_AGE,           /* ms, of the oldest row */
    DT_G_CONSUMER_LAG,         /* messages behind the end */
    DT_G_KAFKA_UP,             /* 1: a broker answers this worker */
    DT_G_KAFKA_LATENCY,        /* us, of its last requests */
    DT_GAUGES
} dt_gauge_e;

/* "service" is the place in dt_main_conf()->services. */
void dt_gauge(dt_gauge_e gauge, ngx_uint_t service, ngx_uint_t value);

/* The highest of the workers' values; NGX_DECLINED if none is fresh. */
ngx_int_t dt_gauge_max(dt_gauge_e gauge, ngx_uint_t service,
    ngx_uint_t *value);

/* Directive devtalk_metrics (location): content handler for /metrics. */
char *dt_metrics_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* The zone, and the handler that counts answered requests; for core's
 * configuration. */
ngx_int_t dt_metrics_zone(ngx_conf_t *cf);
ngx_int_t dt_metrics_log_phase(ngx_conf_t *cf);

/* For core's init_process: refreshes the gauges of the pools each second. */
ngx_int_t dt_metrics_init_worker(ngx_cycle_t *cycle);


#endif /* _DT_METRICS_H_INCLUDED_ */
