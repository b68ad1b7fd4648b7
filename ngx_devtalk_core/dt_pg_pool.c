/*
 * The pool: its connections, and when the next one is tried.
 */

#include "dt_pg_conn.h"


/* Between tries to connect: doubles up to the limit, less up to a half. */
#define DT_PG_BACKOFF      50
#define DT_PG_BACKOFF_MAX  2000

/* Between two connections when there is one already: passwords are proved by
 * arithmetic that costs both sides milliseconds. */
#define DT_PG_PACE         20

/* Connections seldom die alone.  For so long after a loss nothing is sent, so
 * that what waits is not given to one that is about to go too. */
#define DT_PG_PAUSE        50


static void dt_pg_pool_cleanup(void *data);
static void dt_pg_pool_connect(ngx_event_t *ev);
static void dt_pg_pool_connect_later(dt_pg_pool_t *pool, ngx_msec_t delay);
static void dt_pg_pool_resume(ngx_event_t *ev);
static void dt_pg_pool_dispatch(ngx_event_t *ev);


dt_pg_pool_t *
dt_pg_pool_create(ngx_cycle_t *cycle, const dt_pg_pool_init_t *init)
{
    ngx_uint_t           i;
    dt_pg_pool_t        *pool;
    ngx_pool_cleanup_t  *cln;

    pool = ngx_pcalloc(cycle->pool, sizeof(dt_pg_pool_t));
    if (pool == NULL) {
        return NULL;
    }

    pool->init = *init;
    pool->conf = init->conf;
    pool->log = cycle->log;
    pool->backoff = DT_PG_BACKOFF;
    ngx_queue_init(&pool->free);

    pool->nconns = pool->conf->connections + pool->conf->slow;
    pool->conns = ngx_pcalloc(cycle->pool,
                              pool->nconns * sizeof(dt_pg_conn_t));

    cln = ngx_pool_cleanup_add(cycle->pool, 0);

    if (pool->conns == NULL || cln == NULL
        || dt_pg_setup_params(cycle->pool, pool) != NGX_OK)
    {
        return NULL;
    }

    dt_pg_lane_init(&pool->fast, pool, pool->conns, pool->conf->connections);
    dt_pg_lane_init(&pool->slow, pool,
                    pool->conns + pool->conf->connections, pool->conf->slow);

    for (i = 0; i < pool->nconns; i++) {
        pool->conns[i].pool = pool;
        pool->conns[i].number = i;
        pool->conns[i].lane = i < pool->conf->connections ? &pool->fast
                                                          : &pool->slow;
        ngx_queue_init(&pool->conns[i].units);
    }

    /* One listener is enough: each would be told of everything. */

    pool->conns[0].listens = init->listen != NULL;

    pool->dispatch.handler = dt_pg_pool_dispatch;
    pool->dispatch.data = pool;
    pool->dispatch.log = pool->log;

    pool->connect.handler = dt_pg_pool_connect;
    pool->connect.data = pool;
    pool->connect.log = pool->log;
    pool->connect.cancelable = 1;

    pool->pause.handler = dt_pg_pool_resume;
    pool->pause.data = pool;
    pool->pause.log = pool->log;
    pool->pause.cancelable = 1;

    dt_pg_watch_init(pool);

    cln->handler = dt_pg_pool_cleanup;
    cln->data = pool;

    dt_pg_pool_connect(&pool->connect);

    return pool;
}


/* The end of the process: nobody is left to be told. */

static void
dt_pg_pool_cleanup(void *data)
{
    dt_pg_pool_t *pool = data;

    ngx_uint_t     i;
    ngx_queue_t   *q;
    dt_pg_conn_t  *conn;
    dt_pg_unit_t  *unit;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        dt_pg_conn_drop(conn);

        while (!ngx_queue_empty(&conn->units)) {
            q = ngx_queue_head(&conn->units);
            unit = ngx_queue_data(q, dt_pg_unit_t, queue);
            ngx_queue_remove(q);
            dt_pg_unit_free(unit);
        }
    }

    ngx_queue_add(&pool->free, &pool->fast.waiting);
    ngx_queue_add(&pool->free, &pool->slow.waiting);

    while (!ngx_queue_empty(&pool->free)) {
        q = ngx_queue_head(&pool->free);
        ngx_queue_remove(q);
        ngx_free(ngx_queue_data(q, dt_pg_unit_t, queue));
    }

    if (pool->fast.timer.timer_set) {
        ngx_del_timer(&pool->fast.timer);
    }

    if (pool->slow.timer.timer_set) {
        ngx_del_timer(&pool->slow.timer);
    }

    if (pool->connect.timer_set) {
        ngx_del_timer(&pool->connect);
    }

    if (pool->pause.timer_set) {
        ngx_del_timer(&pool->pause);
    }

    if (pool->watch.timer_set) {
        ngx_del_timer(&pool->watch);
    }

    if (pool->dispatch.posted) {
        ngx_delete_posted_event(&pool->dispatch);
    }
}


/*
 * One at a time: a server that comes back is not stormed.  First of all each
 * lane gets one.
 */

static void
dt_pg_pool_connect(ngx_event_t *ev)
{
    dt_pg_pool_t *pool = ev->data;

    ngx_uint_t     i;
    dt_pg_conn_t  *conn, *next;

    if (pool->connecting || ev->timer_set) {
        return;
    }

    for (i = 0, next = NULL; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (conn->state != DT_PG_CLOSED) {
            continue;
        }

        if (!dt_pg_lane_ready(conn->lane)) {
            next = conn;
            break;
        }

        if (next == NULL) {
            next = conn;
        }
    }

    if (next) {
        pool->connecting = next;
        dt_pg_conn_connect(next);
    }
}


static void
dt_pg_pool_connect_later(dt_pg_pool_t *pool, ngx_msec_t delay)
{
    if (pool->connecting == NULL && !pool->connect.timer_set) {
        ngx_add_timer(&pool->connect, delay);
    }
}


void
dt_pg_pool_ready(dt_pg_conn_t *conn)
{
    dt_pg_pool_t  *pool;

    pool = conn->pool;

    pool->connecting = NULL;
    pool->tried = 0;
    conn->since = ngx_current_msec;

    ngx_log_error(NGX_LOG_INFO, pool->log, 0,
                  "postgres \"%V\": connection %ui ready",
                  &pool->conf->name, conn->number);

    dt_pg_lane_tried(conn->lane);
    ngx_post_event(&pool->dispatch, &ngx_posted_events);

    if (dt_pg_lane_ready(&pool->fast)
        && (dt_pg_lane_ready(&pool->slow) || pool->slow.nconns == 0))
    {
        dt_pg_pool_connect_later(pool, DT_PG_PACE);

    } else {
        dt_pg_pool_connect(&pool->connect);
    }

    if (pool->init.on_ready) {
        pool->init.on_ready(pool->init.data);
    }
}


void
dt_pg_pool_closed(dt_pg_conn_t *conn, dt_pg_close_e why)
{
    ngx_msec_t     delay;
    dt_pg_pool_t  *pool;

    pool = conn->pool;

    if (pool->connecting == conn) {
        pool->connecting = NULL;
    }

    if (why == DT_PG_RETIRED
        || (why == DT_PG_FAILED && dt_pg_host_next(pool)))
    {
        delay = 1;

    } else {

        /* One that dies soon after it was ready has failed all the same. */

        pool->backoff = why != DT_PG_FAILED
                        && ngx_current_msec - conn->since >= DT_PG_BACKOFF_MAX
                        ? DT_PG_BACKOFF
                        : ngx_min(2 * pool->backoff, DT_PG_BACKOFF_MAX);

        delay = pool->backoff / 2 + ngx_random() % (pool->backoff / 2 + 1);

        dt_pg_lane_tried(&pool->fast);
        dt_pg_lane_tried(&pool->slow);
    }

    dt_pg_pool_connect_later(pool, delay);

    if (why == DT_PG_LOST || why == DT_PG_FROZEN) {
        pool->lost++;
        ngx_add_timer(&pool->pause, DT_PG_PAUSE);
    }

    if (why != DT_PG_FAILED && pool->init.on_lost) {
        pool->init.on_lost(pool->init.data);
    }

    dt_pg_unit_disown(conn, why);
}


static void
dt_pg_pool_resume(ngx_event_t *ev)
{
    dt_pg_pool_t *pool = ev->data;

    ngx_post_event(&pool->dispatch, &ngx_posted_events);
}


/* Once for all that was submitted in a turn of the event loop. */

static void
dt_pg_pool_dispatch(ngx_event_t *ev)
{
    dt_pg_pool_t *pool = ev->data;

    ngx_uint_t  i;

    dt_pg_lane_send(&pool->fast);
    dt_pg_lane_send(&pool->slow);

    for (i = 0; i < pool->nconns; i++) {
        dt_pg_conn_flush(&pool->conns[i]);
    }
}


void
dt_pg_stat(const dt_pg_pool_t *pool, dt_pg_stat_t *stat)
{
    ngx_uint_t           i;
    const dt_pg_conn_t  *conn;

    ngx_memzero(stat, sizeof(dt_pg_stat_t));

    stat->connections = pool->nconns;
    stat->waiting = pool->fast.nwaiting + pool->slow.nwaiting;
    stat->lost = pool->lost;
    stat->refused = pool->refused;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        stat->ready += conn->state == DT_PG_READY && !conn->retiring;
        stat->in_flight += conn->n;
    }
}
