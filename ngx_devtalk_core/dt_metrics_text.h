/*
 * The block of counters, for dt_metrics.c, which counts, and
 * dt_metrics_text.c, which shows.
 */

#ifndef _DT_METRICS_TEXT_H_INCLUDED_
#define _DT_METRICS_TEXT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_metrics.h"
#include "dt_service.h"


#define DT_METRICS_STATUSES  24
#define DT_METRICS_BUCKETS   12
#define DT_METRICS_WORKERS   64
#define DT_METRICS_FRESH      5    /* seconds */


typedef struct {
    ngx_atomic_t   status[DT_METRICS_STATUSES];      /* the last: others */
    ngx_atomic_t   bucket[DT_METRICS_BUCKETS + 1];   /* the last: +Inf */
    ngx_atomic_t   time;                             /* ms, of all */
} dt_metrics_route_t;


/* Written by one worker, read by any: each word is whole, and a gauge may be
 * one second old. */
typedef struct {
    volatile ngx_uint_t  value;
    volatile time_t      time;
} dt_metrics_gauge_t;


typedef struct dt_metrics_s {
    ngx_uint_t           routes;
    uint32_t             shape;        /* checksum of the routes' names */
    ngx_atomic_t         counter[DT_M_COUNTERS];
    dt_metrics_gauge_t   gauge[DT_GAUGES][DT_SERVICES]
                              [DT_METRICS_WORKERS];
    dt_metrics_route_t   route[];
} dt_metrics_t;


extern const ngx_uint_t  dt_metrics_statuses[DT_METRICS_STATUSES];
extern const ngx_msec_t  dt_metrics_bounds[DT_METRICS_BUCKETS];    /* ms */


#endif /* _DT_METRICS_TEXT_H_INCLUDED_ */
