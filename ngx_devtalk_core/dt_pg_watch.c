/*
 * Is the server still there?  It may be frozen, or the network swallows what
 * is sent: then nothing ever fails, it only lasts.  So a pool which hears
 * nothing while units are out asks on an idle connection, for a single slow
 * statement is no reason to give up; and if there is no answer to that
 * either, all that is out is refused, and nothing more is sent until the
 * server speaks.  What it still does of that is told by the relay.
 */

#include "dt_pg_conn.h"


/* So often in the time that a unit may wait. */
#define DT_PG_WATCH_TICKS  8


static void dt_pg_watch_tick(ngx_event_t *ev);
static ngx_msec_int_t dt_pg_watch_silence(dt_pg_pool_t *pool);
static void dt_pg_watch_ask(dt_pg_pool_t *pool);
static void dt_pg_watch_stall(dt_pg_pool_t *pool);
static ngx_uint_t dt_pg_watch_refuse(dt_pg_conn_t *conn);


void
dt_pg_watch_init(dt_pg_pool_t *pool)
{
    pool->watch.handler = dt_pg_watch_tick;
    pool->watch.data = pool;
    pool->watch.log = pool->log;
    pool->watch.cancelable = 1;
}


void
dt_pg_watch_sent(dt_pg_pool_t *pool)
{
    if (pool->init.ping && !pool->watch.timer_set) {
        ngx_add_timer(&pool->watch, pool->conf->wait / DT_PG_WATCH_TICKS + 1);
    }
}


void
dt_pg_watch_heard(dt_pg_pool_t *pool)
{
    pool->heard = ngx_current_msec;

    if (pool->stalled) {
        pool->stalled = 0;

        ngx_log_error(NGX_LOG_NOTICE, pool->log, 0,
                      "postgres \"%V\": it answers again",
                      &pool->conf->name);

        ngx_post_event(&pool->dispatch, &ngx_posted_events);
    }
}


static void
dt_pg_watch_tick(ngx_event_t *ev)
{
    dt_pg_pool_t *pool = ev->data;

    ngx_msec_int_t  silence, limit;

    silence = dt_pg_watch_silence(pool);

    /* The next unit that is sent sets the timer again. */

    if (silence < 0 || pool->stalled) {
        return;
    }

    limit = pool->conf->wait;

    if (silence >= limit) {
        dt_pg_watch_stall(pool);
        return;
    }

    if (silence >= limit / 2) {
        dt_pg_watch_ask(pool);
    }

    dt_pg_watch_sent(pool);
}


/* How long an answer is due, and nothing was heard; -1: nothing is out. */

static ngx_msec_int_t
dt_pg_watch_silence(dt_pg_pool_t *pool)
{
    ngx_uint_t       i;
    dt_pg_conn_t    *conn;
    dt_pg_unit_t    *unit;
    ngx_msec_int_t   longest;

    longest = -1;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (conn->n) {
            unit = ngx_queue_data(ngx_queue_head(&conn->units), dt_pg_unit_t,
                                  queue);
            longest = ngx_max(longest, (ngx_msec_int_t) (ngx_current_msec
                                                         - unit->time));
        }
    }

    return ngx_min(longest, (ngx_msec_int_t) (ngx_current_msec
                                              - pool->heard));
}


static void
dt_pg_watch_ask(dt_pg_pool_t *pool)
{
    ngx_uint_t     i;
    dt_pg_conn_t  *conn;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (conn->state == DT_PG_READY && conn->n == 0 && !conn->broken
            && !conn->retiring)
        {
            dt_pg_unit_ping(conn);
            return;
        }
    }
}


/*
 * The connections are left to drain, so that the pool is whole at once when
 * the server comes back; but where it may have moved to another address, it
 * is looked for.
 */

static void
dt_pg_watch_stall(dt_pg_pool_t *pool)
{
    ngx_uint_t  i, n;

    pool->stalled = 1;

    for (i = 0, n = 0; i < pool->nconns; i++) {
        n += dt_pg_watch_refuse(&pool->conns[i]);
    }

    pool->refused += n;

    ngx_log_error(NGX_LOG_ERR, pool->log, 0,
                  "postgres \"%V\": no answer for %M ms, %ui statements "
                  "are refused", &pool->conf->name, pool->conf->wait, n);

    if (pool->nhosts == 1) {
        return;
    }

    for (i = 0; i < pool->nconns; i++) {
        if (pool->conns[i].state == DT_PG_READY) {
            dt_pg_conn_close(&pool->conns[i], DT_PG_FROZEN, "silent");
        }
    }
}


/* An orphan is told later: nobody waits for it. */

static ngx_uint_t
dt_pg_watch_refuse(dt_pg_conn_t *conn)
{
    ngx_uint_t     n;
    ngx_queue_t   *q;
    dt_pg_unit_t  *unit;

    n = 0;

    for (q = ngx_queue_head(&conn->units);
         q != ngx_queue_sentinel(&conn->units);
         q = ngx_queue_next(q))
    {
        unit = ngx_queue_data(q, dt_pg_unit_t, queue);

        if (!unit->forgotten && !unit->orphan) {
            unit->done(unit->data, DT_UNAVAILABLE, NULL);
            unit->forgotten = 1;
            unit->tag = NULL;
            n++;
        }
    }

    return n;
}
