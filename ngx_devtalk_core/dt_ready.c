/*
 * /ready: asks each dependency and waits for all answers, at most a second.
 */

#include "dt_core.h"
#include "dt_health.h"
#include "dt_kafka.h"
#include "dt_redis.h"
#include "core_sql.h"


#define DT_READY_TIMEOUT  1000
#define DT_READY_CHECKS   (DT_SERVICES + 2)


typedef struct dt_ready_s  dt_ready_t;

/* One dependency.  Lives in the request's pool: the cleanup forgets what is
 * still under way. */
typedef struct {
    dt_ready_t      *ready;
    const char      *server;        /* "postgres" */
    const char      *service;       /* or NULL */
    dt_pg_unit_t    *unit;
    dt_redis_op_t   *op;
    ngx_uint_t       up;
    ngx_uint_t       latency;       /* microseconds */
    unsigned         measured:1;
} dt_ready_check_t;

struct dt_ready_s {
    dt_call_t          *call;
    struct timeval      start;
    ngx_event_t         timer;
    ngx_uint_t          nchecks;
    ngx_uint_t          waiting;
    dt_ready_check_t    check[DT_READY_CHECKS];
};


static ngx_int_t dt_ready_handler(ngx_http_request_t *r);
static ngx_int_t dt_ready_ask(dt_ready_t *ready);
static dt_ready_check_t *dt_ready_check(dt_ready_t *ready,
    const char *server, const char *service);
static void dt_ready_postgres(void *data, dt_error_e error,
    PGresult *result);
static void dt_ready_redis(void *data, redisReply *reply);
static void dt_ready_kafka(dt_ready_check_t *check);
static void dt_ready_answered(dt_ready_check_t *check, ngx_uint_t up);
static void dt_ready_timeout(ngx_event_t *ev);
static void dt_ready_finish(dt_ready_t *ready);
static void dt_ready_destroyed(void *data);
static ngx_int_t dt_ready_step(dt_call_t *call);
static u_char *dt_ready_row(u_char *p, u_char *last,
    const dt_ready_check_t *check);


char *
dt_ready_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = dt_ready_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
dt_ready_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    dt_ready_t          *ready;
    ngx_pool_cleanup_t  *cln;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(dt_ready_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ready = cln->data;
    ngx_memzero(ready, sizeof(dt_ready_t));
    cln->handler = dt_ready_destroyed;

    ready->call = dt_call_get(r);
    if (ready->call == NULL || dt_main_conf() == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ready->call->data = ready;
    ngx_gettimeofday(&ready->start);

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (dt_ready_ask(ready) == 0) {
        (void) dt_ready_step(ready->call);
        return ready->call->sent;
    }

    ready->timer.handler = dt_ready_timeout;
    ready->timer.data = ready;
    ready->timer.log = r->connection->log;
    ngx_add_timer(&ready->timer, DT_READY_TIMEOUT);

    r->main->count++;

    return NGX_DONE;
}


/* The number of answers to wait for. */

static ngx_int_t
dt_ready_ask(dt_ready_t *ready)
{
    ngx_uint_t                i;
    const char               *argv[] = { "PING" };
    const size_t              argvlen[] = { 4 };
    dt_ready_check_t         *check;
    const dt_main_conf_t     *dmcf;
    const dt_service_conf_t  *sc;

    dmcf = dt_main_conf();
    sc = dmcf->services.elts;

    for (i = 0; i < dmcf->services.nelts; i++) {

        check = dt_ready_check(ready, "postgres", sc[i].service->name);
        check->unit = dt_pg_submit(dt_service_pool(sc[i].service), &sql_ping,
                                   NULL, &ready->call->id, dt_ready_postgres,
                                   check);
        ready->waiting += check->unit != NULL;
    }

    if (dmcf->redis_port) {
        check = dt_ready_check(ready, "redis", NULL);
        check->op = dt_redis_command(1, argv, argvlen, dt_ready_redis,
                                     check);
        ready->waiting += check->op != NULL;
    }

    if (dmcf->kafka_brokers.len) {
        dt_ready_kafka(dt_ready_check(ready, "kafka", NULL));
    }

    return ready->waiting;
}


static dt_ready_check_t *
dt_ready_check(dt_ready_t *ready, const char *server, const char *service)
{
    dt_ready_check_t  *check;

    check = &ready->check[ready->nchecks++];
    check->ready = ready;
    check->server = server;
    check->service = service;

    return check;
}


static void
dt_ready_postgres(void *data, dt_error_e error, PGresult *result)
{
    dt_ready_check_t *check = data;

    check->unit = NULL;
    dt_ready_answered(check, error == DT_NO_ERROR);
}


static void
dt_ready_redis(void *data, redisReply *reply)
{
    dt_ready_check_t *check = data;

    check->op = NULL;
    dt_ready_answered(check, reply && reply->type == REDIS_REPLY_STATUS);
}


/* Each worker tells once a second what its relays and consumers hear. */

static void
dt_ready_kafka(dt_ready_check_t *check)
{
    ngx_uint_t  up;

    check->up = dt_gauge_max(DT_G_KAFKA_UP, 0, &up) == NGX_OK && up;

    check->measured = check->up
                      && dt_gauge_max(DT_G_KAFKA_LATENCY, 0, &check->latency)
                         == NGX_OK
                      && check->latency > 0;
}


static void
dt_ready_answered(dt_ready_check_t *check, ngx_uint_t up)
{
    struct timeval   now;
    dt_ready_t      *ready;

    ready = check->ready;

    ngx_gettimeofday(&now);

    check->up = up;
    check->measured = 1;
    check->latency = (now.tv_sec - ready->start.tv_sec) * 1000000
                     + now.tv_usec - ready->start.tv_usec;

    if (--ready->waiting == 0) {
        dt_ready_finish(ready);
    }
}


static void
dt_ready_timeout(ngx_event_t *ev)
{
    dt_ready_finish(ev->data);
}


static void
dt_ready_finish(dt_ready_t *ready)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ready->call->request;
    c = r->connection;

    dt_ready_destroyed(ready);
    (void) dt_ready_step(ready->call);

    ngx_http_finalize_request(r, ready->call->sent);
    ngx_http_run_posted_requests(c);
}


/* The client may leave first. */

static void
dt_ready_destroyed(void *data)
{
    dt_ready_t *ready = data;

    ngx_uint_t  i;

    if (ready->timer.timer_set) {
        ngx_del_timer(&ready->timer);
    }

    for (i = 0; i < ready->nchecks; i++) {

        if (ready->check[i].unit) {
            dt_pg_forget(ready->check[i].unit);
            ready->check[i].unit = NULL;
        }

        if (ready->check[i].op) {
            dt_redis_forget(ready->check[i].op);
            ready->check[i].op = NULL;
        }
    }
}


static ngx_int_t
dt_ready_step(dt_call_t *call)
{
    u_char      *p, *last;
    ngx_str_t    json;
    dt_ready_t  *ready;
    ngx_uint_t   i, up, whole;

    ready = call->data;
    up = 1;
    whole = 1;

    for (i = 0; i < ready->nchecks; i++) {
        whole = whole && ready->check[i].up;
        up = up && (ready->check[i].up || ready->check[i].service == NULL);
    }

    json.data = ngx_pnalloc(call->pool, 64 + 128 * ready->nchecks);
    if (json.data == NULL) {
        call->sent = NGX_ERROR;
        return DT_ANSWERED;
    }

    last = json.data + 64 + 128 * ready->nchecks;
    p = ngx_slprintf(json.data, last, "{\"status\":\"%s\",\"checks\":[",
                     whole ? "ready" : up ? "degraded" : "not ready");

    for (i = 0; i < ready->nchecks; i++) {
        p = ngx_slprintf(p, last, "%s", i ? "," : "");
        p = dt_ready_row(p, last, &ready->check[i]);
    }

    p = ngx_slprintf(p, last, "]}");
    json.len = p - json.data;

    return dt_reply_json(call, up ? NGX_HTTP_OK
                                  : NGX_HTTP_SERVICE_UNAVAILABLE, &json);
}


static u_char *
dt_ready_row(u_char *p, u_char *last, const dt_ready_check_t *check)
{
    p = ngx_slprintf(p, last, "{\"name\":\"%s%s%s\",\"state\":\"%s\","
                     "\"latencyMs\":",
                     check->server, check->service ? "/" : "",
                     check->service ? check->service : "",
                     check->up ? "up" : "down");

    if (!check->measured) {
        return ngx_slprintf(p, last, "null}");
    }

    return ngx_slprintf(p, last, "%ui.%03ui}", check->latency / 1000,
                        check->latency % 1000);
}
