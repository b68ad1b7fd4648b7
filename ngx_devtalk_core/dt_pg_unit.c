/*
 * Units: how they wait, where they are sent, and what their owners are told.
 */

#include "dt_pg_conn.h"
#include "dt_pg_error.h"


/*
 * A statement that never can be prepared must not keep the pool busy with
 * reconnecting; but migrations often come one right after the other.  So the
 * pause doubles each time, and is short again after a while without.
 */
#define DT_PG_RETIRE_MIN   10
#define DT_PG_RETIRE_MAX   1000
#define DT_PG_RETIRE_CALM  10000

/* Point reads of one turn of the event loop that go to one connection. */
#define DT_PG_TOGETHER  8


static dt_pg_unit_t *dt_pg_unit_get(dt_pg_pool_t *pool);
static void dt_pg_unit_wait(dt_pg_unit_t *unit);
static void dt_pg_unit_unwait(dt_pg_unit_t *unit);
static dt_pg_conn_t *dt_pg_lane_choose(dt_pg_lane_t *lane);
static void dt_pg_lane_expire(ngx_event_t *ev);
static ngx_uint_t dt_pg_unit_outdated(dt_pg_conn_t *conn,
    dt_pg_unit_t *unit);
static void dt_pg_unit_log(dt_pg_unit_t *unit, dt_error_e error);
static void dt_pg_unit_end(dt_pg_unit_t *unit, dt_error_e error);


/* The result that "done" is looking at, until it keeps it. */

static PGresult  *dt_pg_shown;


dt_pg_unit_t *
dt_pg_submit(dt_pg_pool_t *pool, const dt_sql_t *sql,
    const char *const *values, const ngx_str_t *tag, dt_pg_done_pt done,
    void *data)
{
    dt_pg_lane_t  *lane;
    dt_pg_unit_t  *unit;

    if (sql->nparams > DT_SQL_PARAMS) {
        ngx_log_error(NGX_LOG_CRIT, pool->log, 0,
                      "postgres \"%V\": \"%s\" has too many parameters",
                      &pool->conf->name, sql->name);
        return NULL;
    }

    lane = (sql->flags & DT_SQL_SLOW) && pool->slow.nconns ? &pool->slow
                                                           : &pool->fast;

    /* Those of this turn of the event loop may only seem to wait. */

    if (lane->nwaiting >= pool->conf->queue) {
        dt_pg_lane_send(lane);
    }

    if (lane->nwaiting >= pool->conf->queue) {
        pool->refused++;
        return NULL;
    }

    unit = dt_pg_unit_get(pool);
    if (unit == NULL) {
        pool->refused++;
        return NULL;
    }

    unit->lane = lane;
    unit->sql = sql;
    unit->tag = tag;
    unit->done = done;
    unit->data = data;

    if (sql->nparams) {
        ngx_memcpy(unit->values, values, sql->nparams * sizeof(char *));
    }

    dt_pg_unit_wait(unit);

    return unit;
}


void
dt_pg_forget(dt_pg_unit_t *unit)
{
    if (unit->waiting) {
        dt_pg_unit_unwait(unit);
        dt_pg_unit_free(unit);
        return;
    }

    unit->forgotten = 1;
    unit->tag = NULL;
}


void
dt_pg_orphan(dt_pg_unit_t *unit, dt_pg_done_pt done)
{
    if (unit->waiting || (unit->sql->flags & DT_SQL_READ)) {
        dt_pg_forget(unit);
        return;
    }

    unit->orphan = 1;
    unit->tag = NULL;
    unit->done = done;
    unit->data = NULL;
}


static dt_pg_unit_t *
dt_pg_unit_get(dt_pg_pool_t *pool)
{
    ngx_queue_t   *q;
    dt_pg_unit_t  *unit;

    if (ngx_queue_empty(&pool->free)) {
        unit = ngx_alloc(sizeof(dt_pg_unit_t), pool->log);
        if (unit == NULL) {
            return NULL;
        }

    } else {
        q = ngx_queue_head(&pool->free);
        ngx_queue_remove(q);
        unit = ngx_queue_data(q, dt_pg_unit_t, queue);
    }

    unit->result = NULL;
    unit->waiting = 0;
    unit->forgotten = 0;
    unit->orphan = 0;
    unit->again = 0;

    return unit;
}


void
dt_pg_unit_free(dt_pg_unit_t *unit)
{
    PQclear(unit->result);
    unit->result = NULL;

    ngx_queue_insert_head(&unit->lane->pool->free, &unit->queue);
}


void
dt_pg_unit_ping(dt_pg_conn_t *conn)
{
    dt_pg_unit_t  *unit;

    unit = dt_pg_unit_get(conn->pool);
    if (unit == NULL) {
        return;
    }

    unit->lane = conn->lane;
    unit->sql = conn->pool->init.ping;
    unit->tag = NULL;
    unit->forgotten = 1;

    dt_pg_conn_send(conn, unit);
    dt_pg_conn_flush(conn);
}


/*
 * The end of the queue is the latest deadline, for all wait equally long; but
 * in a worker that has just begun as long as its first connection may take,
 * and one that is sent again has waited before.
 */

static void
dt_pg_unit_wait(dt_pg_unit_t *unit)
{
    ngx_queue_t   *q;
    dt_pg_lane_t  *lane;
    dt_pg_pool_t  *pool;
    dt_pg_unit_t  *before;

    lane = unit->lane;
    pool = lane->pool;

    unit->waiting = 1;
    unit->time = ngx_current_msec + (lane->young ? DT_PG_CONNECT_TIME
                                     : unit->again ? pool->conf->wait / 2
                                     : pool->conf->wait);

    for (q = ngx_queue_last(&lane->waiting);
         q != ngx_queue_sentinel(&lane->waiting);
         q = ngx_queue_prev(q))
    {
        before = ngx_queue_data(q, dt_pg_unit_t, queue);

        if ((ngx_msec_int_t) (unit->time - before->time) >= 0) {
            break;
        }
    }

    ngx_queue_insert_after(q, &unit->queue);
    lane->nwaiting++;

    ngx_post_event(&pool->dispatch, &ngx_posted_events);
}


static void
dt_pg_unit_unwait(dt_pg_unit_t *unit)
{
    unit->waiting = 0;

    ngx_queue_remove(&unit->queue);

    if (--unit->lane->nwaiting == 0) {
        unit->lane->timer.cancelable = 1;
    }
}


void
dt_pg_lane_init(dt_pg_lane_t *lane, dt_pg_pool_t *pool, dt_pg_conn_t *conns,
    ngx_uint_t n)
{
    lane->pool = pool;
    lane->conns = conns;
    lane->nconns = n;
    lane->young = 1;
    ngx_queue_init(&lane->waiting);

    lane->timer.handler = dt_pg_lane_expire;
    lane->timer.data = lane;
    lane->timer.log = pool->log;
    lane->timer.cancelable = 1;
}


/* As many as the connections take; the rest is given its deadline. */

void
dt_pg_lane_send(dt_pg_lane_t *lane)
{
    ngx_uint_t       together;
    ngx_queue_t     *q;
    dt_pg_conn_t    *conn;
    dt_pg_unit_t    *unit;
    ngx_msec_int_t   left;

    conn = NULL;
    together = 0;

    while (lane->nwaiting && !lane->pool->pause.timer_set
           && !lane->pool->stalled)
    {
        q = ngx_queue_head(&lane->waiting);
        unit = ngx_queue_data(q, dt_pg_unit_t, queue);

        /* point reads of one turn go together: a backend that is awake costs
         * less than one that has to be woken */

        if (together == 0 || !(unit->sql->flags & DT_SQL_POINT)
            || conn->broken || conn->n >= lane->pool->conf->depth)
        {
            conn = dt_pg_lane_choose(lane);
            if (conn == NULL) {
                break;
            }

            together = unit->sql->flags & DT_SQL_POINT ? DT_PG_TOGETHER : 1;
        }

        together--;

        dt_pg_unit_unwait(unit);
        dt_pg_conn_send(conn, unit);
    }

    if (lane->nwaiting) {
        lane->timer.cancelable = 0;

        q = ngx_queue_head(&lane->waiting);
        unit = ngx_queue_data(q, dt_pg_unit_t, queue);

        if (!lane->timer.timer_set
            || (ngx_msec_int_t) (unit->time - lane->timer.timer.key) < 0)
        {
            left = (ngx_msec_int_t) (unit->time - ngx_current_msec);
            ngx_add_timer(&lane->timer, ngx_max(left, 1));
        }
    }
}


/* The one with the least in flight; NULL if there is no place. */

static dt_pg_conn_t *
dt_pg_lane_choose(dt_pg_lane_t *lane)
{
    ngx_uint_t     i, least;
    dt_pg_conn_t  *conn, *best;

    best = NULL;
    least = lane->pool->conf->depth;

    for (i = 0; i < lane->nconns; i++) {
        conn = &lane->conns[i];

        if (conn->state == DT_PG_READY && !conn->broken && !conn->retiring
            && conn->n < least)
        {
            best = conn;
            least = conn->n;
        }
    }

    return best;
}


void
dt_pg_lane_tried(dt_pg_lane_t *lane)
{
    ngx_queue_t   *q;
    dt_pg_unit_t  *unit;

    if (!lane->young) {
        return;
    }

    lane->young = 0;

    for (q = ngx_queue_head(&lane->waiting);
         q != ngx_queue_sentinel(&lane->waiting);
         q = ngx_queue_next(q))
    {
        unit = ngx_queue_data(q, dt_pg_unit_t, queue);
        unit->time = ngx_current_msec + lane->pool->conf->wait;
    }

    if (lane->timer.timer_set) {
        ngx_add_timer(&lane->timer, lane->pool->conf->wait);
    }
}


ngx_uint_t
dt_pg_lane_ready(const dt_pg_lane_t *lane)
{
    ngx_uint_t  i;

    for (i = 0; i < lane->nconns; i++) {
        if (lane->conns[i].state == DT_PG_READY) {
            return 1;
        }
    }

    return 0;
}


/* The timer is not moved when the first of the queue is sent. */

static void
dt_pg_lane_expire(ngx_event_t *ev)
{
    dt_pg_lane_t *lane = ev->data;

    ngx_uint_t       n;
    ngx_queue_t     *q;
    dt_pg_unit_t    *unit;
    ngx_msec_int_t   left;

    n = 0;

    while (lane->nwaiting) {
        q = ngx_queue_head(&lane->waiting);
        unit = ngx_queue_data(q, dt_pg_unit_t, queue);

        left = (ngx_msec_int_t) (unit->time - ngx_current_msec);

        if (left > 0) {
            if (!ev->timer_set) {
                ngx_add_timer(ev, left);
            }
            break;
        }

        n++;
        dt_pg_unit_unwait(unit);
        dt_pg_unit_end(unit, DT_UNAVAILABLE);
    }

    if (n) {
        lane->pool->refused += n;

        ngx_log_error(NGX_LOG_WARN, lane->pool->log, 0,
                      "postgres \"%V\": %ui statements waited too long for "
                      "a connection", &lane->pool->conf->name, n);
    }
}


void
dt_pg_unit_answered(dt_pg_conn_t *conn, dt_pg_unit_t *unit)
{
    dt_error_e      error;
    dt_pg_pool_t   *pool;
    ExecStatusType  status;

    pool = conn->pool;

    /* There is a place for one that waits. */

    if (conn->lane->nwaiting) {
        ngx_post_event(&pool->dispatch, &ngx_posted_events);
    }

    status = PQresultStatus(unit->result);

    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {

        if (!(unit->sql->flags & DT_SQL_READ) && pool->init.on_write) {
            pool->init.on_write(pool->init.data);
        }

        dt_pg_unit_end(unit, DT_NO_ERROR);
        return;
    }

    if (dt_pg_unit_outdated(conn, unit)) {
        return;
    }

    error = unit->result ? dt_pg_error_by_state(
                           PQresultErrorField(unit->result, PG_DIAG_SQLSTATE))
                         : DT_INTERNAL;

    dt_pg_unit_log(unit, error);
    dt_pg_unit_end(unit, error);
}


/*
 * The tables were altered under a prepared statement, or the server takes no
 * writes any more: nothing was done, so even a write may be sent again, on a
 * connection that was made anew.
 */

static ngx_uint_t
dt_pg_unit_outdated(dt_pg_conn_t *conn, dt_pg_unit_t *unit)
{
    ngx_msec_t     calm;
    ngx_uint_t     i;
    dt_pg_pool_t  *pool;

    pool = conn->pool;

    if (!dt_pg_error_outdated(PQresultErrorField(unit->result,
                                                 PG_DIAG_SQLSTATE)))
    {
        return 0;
    }

    calm = ngx_current_msec - pool->retired;

    if (calm >= pool->retire_pause) {
        pool->retired = ngx_current_msec;
        pool->retire_pause = calm < DT_PG_RETIRE_CALM && pool->retire_pause
                             ? ngx_min(2 * pool->retire_pause,
                                       DT_PG_RETIRE_MAX)
                             : DT_PG_RETIRE_MIN;

        for (i = 0; i < pool->nconns; i++) {
            pool->conns[i].retiring = pool->conns[i].state == DT_PG_READY;
            pool->conns[i].sent |= pool->conns[i].retiring;
        }

        ngx_post_event(&pool->dispatch, &ngx_posted_events);
    }

    if (unit->again || unit->forgotten || unit->orphan) {
        return 0;
    }

    PQclear(unit->result);
    unit->result = NULL;

    unit->again = 1;
    dt_pg_unit_wait(unit);

    return 1;
}


static void
dt_pg_unit_log(dt_pg_unit_t *unit, dt_error_e error)
{
    size_t         len;
    u_char         line[DT_PG_LOG_LINE];
    ngx_str_t      tag;
    const char    *state;
    dt_pg_pool_t  *pool;

    pool = unit->lane->pool;

    ngx_str_set(&tag, "-");
    if (unit->tag) {
        tag = *unit->tag;
    }

    state = PQresultErrorField(unit->result, PG_DIAG_SQLSTATE);
    len = dt_pg_error_text(line, sizeof(line), unit->result);

    ngx_log_error(dt_error(error)->level, pool->log, 0,
                  "postgres \"%V\": \"%s\" refused: %s %*s, id: %V",
                  &pool->conf->name, unit->sql->name, state ? state : "",
                  len, line, &tag);
}


/*
 * The units of a connection that is closed.  Of a write nobody knows whether
 * it has committed, so it is never sent twice.
 */

void
dt_pg_unit_disown(dt_pg_conn_t *conn, dt_pg_close_e why)
{
    ngx_queue_t   *q, units;
    dt_pg_unit_t  *unit;

    if (conn->n == 0) {
        return;
    }

    ngx_queue_init(&units);
    ngx_queue_add(&units, &conn->units);
    ngx_queue_init(&conn->units);
    conn->n = 0;

    while (!ngx_queue_empty(&units)) {
        q = ngx_queue_head(&units);
        unit = ngx_queue_data(q, dt_pg_unit_t, queue);
        ngx_queue_remove(q);

        PQclear(unit->result);
        unit->result = NULL;

        if (why == DT_PG_LOST && (unit->sql->flags & DT_SQL_READ)
            && !unit->again && !unit->forgotten)
        {
            unit->again = 1;
            dt_pg_unit_wait(unit);

        } else {
            dt_pg_unit_end(unit, DT_UNAVAILABLE);
        }
    }
}


/* The unit is freed after "done", which may still forget it. */

static void
dt_pg_unit_end(dt_pg_unit_t *unit, dt_error_e error)
{
    PGresult  *result;

    result = unit->result;

    if (!unit->forgotten) {
        dt_pg_shown = result;
        unit->done(unit->data, error, result);

        if (dt_pg_shown != result) {
            unit->result = NULL;
        }

        dt_pg_shown = NULL;
    }

    dt_pg_unit_free(unit);
}


PGresult *
dt_pg_keep(ngx_pool_t *pool, PGresult *result)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = (ngx_pool_cleanup_pt) PQclear;
    cln->data = result;

    dt_pg_shown = NULL;

    return result;
}
