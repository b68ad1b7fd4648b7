/*
 * /metrics: Prometheus text exposition format 0.0.4.
 */

#include "dt_core.h"
#include "dt_metrics_text.h"


typedef struct {
    const char  *name;
    const char  *help;
} dt_metrics_name_t;


static ngx_int_t dt_metrics_handler(ngx_http_request_t *r);
static u_char *dt_metrics_counters(u_char *p, u_char *last,
    const dt_main_conf_t *dmcf);
static u_char *dt_metrics_gauges(u_char *p, u_char *last,
    const dt_main_conf_t *dmcf);
static ngx_int_t dt_metrics_gauge_sum(const dt_main_conf_t *dmcf,
    ngx_uint_t gauge, ngx_uint_t service, ngx_uint_t *sum);
static u_char *dt_metrics_requests(u_char *p, u_char *last,
    const dt_main_conf_t *dmcf);
static u_char *dt_metrics_histogram(u_char *p, u_char *last,
    const dt_main_conf_t *dmcf);


static const dt_metrics_name_t  dt_counter_names[DT_M_COUNTERS] = {
    { "cache_zone_hits_total", "Values served from shared memory." },
    { "cache_redis_hits_total", "Values served from Redis." },
    { "cache_misses_total", "Values that neither level had." },
    { "cache_fills_total", "Values stored." },
    { "cache_fills_refused_total", "Values older than a mark." },
    { "cache_marks_total", "Writes announced to all nodes." },
    { "cache_marks_late_total", "Writes that a node did not confirm." },
    { "tokens_remembered_total", "Tokens known from before." },
    { "tokens_verified_total", "Tokens whose signature was checked." },
    { "tokens_refused_total", "Tokens that were not good." },
    { "events_published_total", "Events that Kafka has." },
    { "events_consumed_total", "Events whose effect was committed." },
    { "events_repeated_total", "Events that came again." },
    { "events_dead_total", "Events that could not be processed." },
    { "redis_lost_total", "Connections to Redis lost." }
};


static const dt_metrics_name_t  dt_gauge_names[DT_GAUGES] = {
    { "postgres_connections", "Connections configured." },
    { "postgres_connections_ready", "Connections that can be used." },
    { "postgres_in_flight", "Statements sent and not answered." },
    { "postgres_waiting", "Statements that wait for a place." },
    { "postgres_connections_lost", "Connections lost since the start." },
    { "postgres_refused", "Statements refused or expired." },
    { "outbox_rows", "Events that wait for Kafka." },
    { "outbox_age_milliseconds", "Age of the oldest of them." },
    { "consumer_lag", "Events that wait for their effect." },
    { "kafka_up", "Workers that a broker answers." },
    { "kafka_latency_microseconds", "Time of the last requests, summed over "
      "the workers." }
};


char *
dt_metrics_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = dt_metrics_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
dt_metrics_handler(ngx_http_request_t *r)
{
    u_char                *p, *last;
    size_t                 size;
    ngx_buf_t             *b;
    ngx_int_t              rc;
    ngx_chain_t            out;
    const dt_main_conf_t  *dmcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    dmcf = dt_main_conf();
    if (dmcf == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    /* a line has less than 160 bytes */

    size = 160 * (2 * DT_M_COUNTERS + DT_GAUGES * (DT_SERVICES + 2)
                  + dmcf->routes * (DT_METRICS_STATUSES + DT_METRICS_BUCKETS
                                    + 3)
                  + 8);

    b = ngx_create_temp_buf(r->pool, size);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = b->pos;
    last = b->end;

    p = dt_metrics_counters(p, last, dmcf);
    p = dt_metrics_gauges(p, last, dmcf);
    p = dt_metrics_requests(p, last, dmcf);
    p = dt_metrics_histogram(p, last, dmcf);

    b->last = p;
    b->last_buf = 1;

    /* as in dt_reply_send() */

    r->disable_not_modified = 1;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b->last - b->pos;
    ngx_str_set(&r->headers_out.content_type, "text/plain; version=0.0.4");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static u_char *
dt_metrics_counters(u_char *p, u_char *last, const dt_main_conf_t *dmcf)
{
    ngx_uint_t  i;

    for (i = 0; i < DT_M_COUNTERS; i++) {
        p = ngx_slprintf(p, last,
                         "# HELP devtalk_%s %s\n# TYPE devtalk_%s counter\n"
                         "devtalk_%s %uA\n",
                         dt_counter_names[i].name, dt_counter_names[i].help,
                         dt_counter_names[i].name, dt_counter_names[i].name,
                         dmcf->metrics->counter[i]);
    }

    return p;
}


static u_char *
dt_metrics_gauges(u_char *p, u_char *last, const dt_main_conf_t *dmcf)
{
    ngx_uint_t                i, s, sum;
    const dt_service_conf_t  *sc;

    sc = dmcf->services.elts;

    for (i = 0; i < DT_GAUGES; i++) {
        p = ngx_slprintf(p, last,
                         "# HELP devtalk_%s %s\n# TYPE devtalk_%s gauge\n",
                         dt_gauge_names[i].name, dt_gauge_names[i].help,
                         dt_gauge_names[i].name);

        for (s = 0; s < dmcf->services.nelts; s++) {

            if (dt_metrics_gauge_sum(dmcf, i, s, &sum) == NGX_OK) {
                p = ngx_slprintf(p, last, "devtalk_%s{service=\"%s\"} %ui\n",
                                 dt_gauge_names[i].name, sc[s].service->name,
                                 sum);
            }
        }
    }

    return p;
}


static ngx_int_t
dt_metrics_gauge_sum(const dt_main_conf_t *dmcf, ngx_uint_t gauge,
    ngx_uint_t service, ngx_uint_t *sum)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    const dt_metrics_gauge_t  *g;

    rc = NGX_DECLINED;
    *sum = 0;

    for (i = 0; i < DT_METRICS_WORKERS; i++) {
        g = &dmcf->metrics->gauge[gauge][service][i];

        if (g->time + DT_METRICS_FRESH >= ngx_time()) {
            *sum += g->value;
            rc = NGX_OK;
        }
    }

    return rc;
}


static u_char *
dt_metrics_requests(u_char *p, u_char *last, const dt_main_conf_t *dmcf)
{
    ngx_uint_t     i, s;
    ngx_atomic_t  *status;

    p = ngx_slprintf(p, last, "# HELP devtalk_requests_total Answered "
                     "requests.\n# TYPE devtalk_requests_total counter\n");

    for (i = 0; i < dmcf->routes; i++) {

        status = dmcf->metrics->route[i].status;

        for (s = 0; s < DT_METRICS_STATUSES; s++) {

            if (status[s] == 0) {
                continue;
            }

            p = ngx_slprintf(p, last,
                             "devtalk_requests_total{route=\"%s %s\","
                             "status=\"%ui\"} %uA\n",
                             dt_method_names[dmcf->route[i]->method],
                             dmcf->route[i]->pattern, dt_metrics_statuses[s],
                             status[s]);
        }
    }

    return p;
}


static u_char *
dt_metrics_histogram(u_char *p, u_char *last, const dt_main_conf_t *dmcf)
{
    ngx_uint_t                 i, b;
    const char                *method, *pattern;
    ngx_atomic_uint_t          sum;
    const dt_metrics_route_t  *route;

    p = ngx_slprintf(p, last, "# HELP devtalk_request_duration_seconds Time "
                     "to answer.\n"
                     "# TYPE devtalk_request_duration_seconds histogram\n");

    for (i = 0; i < dmcf->routes; i++) {

        route = &dmcf->metrics->route[i];
        method = dt_method_names[dmcf->route[i]->method];
        pattern = dmcf->route[i]->pattern;
        sum = 0;

        for (b = 0; b < DT_METRICS_BUCKETS; b++) {
            sum += route->bucket[b];
            p = ngx_slprintf(p, last,
                             "devtalk_request_duration_seconds_bucket{"
                             "route=\"%s %s\",le=\"%M.%03M\"} %uA\n",
                             method, pattern, dt_metrics_bounds[b] / 1000,
                             dt_metrics_bounds[b] % 1000, sum);
        }

        sum += route->bucket[b];
        p = ngx_slprintf(p, last,
                         "devtalk_request_duration_seconds_bucket{"
                         "route=\"%s %s\",le=\"+Inf\"} %uA\n"
                         "devtalk_request_duration_seconds_sum{"
                         "route=\"%s %s\"} %uA.%03uA\n"
                         "devtalk_request_duration_seconds_count{"
                         "route=\"%s %s\"} %uA\n",
                         method, pattern, sum,
                         method, pattern, route->time / 1000,
                         route->time % 1000,
                         method, pattern, sum);
    }

    return p;
}
