/*
 * One connection to PostgreSQL, in pipeline mode.
 *
 * libpq owns the socket and reads at most a buffer of it for each event, so
 * the events are level-triggered: on nginx's edge-triggered ones a larger
 * result would stall.  The write event exists only while libpq has something
 * left to flush.
 */

#include "dt_pg_conn.h"
#include "dt_pg_error.h"


static void dt_pg_conn_poll(dt_pg_conn_t *conn);
static void dt_pg_conn_setup(dt_pg_conn_t *conn);
static ngx_int_t dt_pg_conn_watch(dt_pg_conn_t *conn, ngx_int_t event);
static void dt_pg_conn_unwatch(dt_pg_conn_t *conn);
static void dt_pg_conn_event(ngx_event_t *ev);
static void dt_pg_conn_timeout(ngx_event_t *ev);


void
dt_pg_conn_connect(dt_pg_conn_t *conn)
{
    dt_pg_pool_t  *pool;

    pool = conn->pool;

    conn->timer.handler = dt_pg_conn_timeout;
    conn->timer.data = conn;
    conn->timer.log = pool->log;
    conn->timer.cancelable = 1;

    conn->state = DT_PG_CONNECTING;

    dt_pg_host_params(pool);

    conn->pg = PQconnectStartParams(pool->keywords, pool->params, 0);

    if (conn->pg == NULL) {
        dt_pg_conn_close(conn, DT_PG_FAILED, "no memory");
        return;
    }

    PQsetNoticeProcessor(conn->pg, dt_pg_setup_notice, pool);
    PQsetErrorVerbosity(conn->pg, PQERRORS_TERSE);

    if (PQstatus(conn->pg) == CONNECTION_BAD) {
        dt_pg_conn_close(conn, DT_PG_FAILED, PQerrorMessage(conn->pg));
        return;
    }

    ngx_add_timer(&conn->timer, DT_PG_CONNECT_TIME);

    if (dt_pg_conn_watch(conn, NGX_WRITE_EVENT) != NGX_OK) {
        dt_pg_conn_close(conn, DT_PG_FAILED, "no event");
    }
}


static void
dt_pg_conn_poll(dt_pg_conn_t *conn)
{
    ngx_int_t  rc;

    /*
     * libpq may go on with another socket, even one with the same number,
     * so the events of the old one have to be gone before.
     */

    dt_pg_conn_unwatch(conn);

    switch (PQconnectPoll(conn->pg)) {

    case PGRES_POLLING_READING:
        rc = dt_pg_conn_watch(conn, NGX_READ_EVENT);
        break;

    case PGRES_POLLING_WRITING:
        rc = dt_pg_conn_watch(conn, NGX_WRITE_EVENT);
        break;

    case PGRES_POLLING_OK:
        dt_pg_conn_setup(conn);
        return;

    default:
        dt_pg_conn_close(conn, DT_PG_FAILED, PQerrorMessage(conn->pg));
        return;
    }

    if (rc != NGX_OK) {
        dt_pg_conn_close(conn, DT_PG_FAILED, "no event");
    }
}


static void
dt_pg_conn_setup(dt_pg_conn_t *conn)
{
    conn->state = DT_PG_PREPARING;
    ngx_add_timer(&conn->timer, 2 * conn->pool->conf->timeout);

    if (dt_pg_setup_send(conn) != NGX_OK) {
        dt_pg_conn_close(conn, DT_PG_FAILED, PQerrorMessage(conn->pg));
        return;
    }

    if (dt_pg_conn_watch(conn, NGX_READ_EVENT) != NGX_OK) {
        dt_pg_conn_close(conn, DT_PG_FAILED, "no event");
        return;
    }

    conn->sent = 1;
    dt_pg_conn_flush(conn);
}


static ngx_int_t
dt_pg_conn_watch(dt_pg_conn_t *conn, ngx_int_t event)
{
    ngx_event_t       *ev;
    ngx_connection_t  *c;

    c = ngx_get_connection(PQsocket(conn->pg), conn->pool->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    conn->c = c;

    c->data = conn;
    c->shared = 1;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->log = c->log;
    c->read->handler = dt_pg_conn_event;
    c->write->log = c->log;
    c->write->handler = dt_pg_conn_event;

    /*
     * A worker that leaves keeps its connections to the very end: requests
     * which it still serves need them.  This flag spares them the search for
     * sockets left open, and the pool of the cycle closes them.
     */

    c->read->resolver = 1;

    ev = event == NGX_READ_EVENT ? c->read : c->write;

    return ngx_add_event(ev, event, NGX_LEVEL_EVENT);
}


static void
dt_pg_conn_unwatch(dt_pg_conn_t *conn)
{
    ngx_uint_t         flags;
    ngx_connection_t  *c;

    c = conn->c;

    if (c == NULL) {
        return;
    }

    conn->c = NULL;

    /* After an EOF libpq has closed the socket already. */

    flags = PQsocket(conn->pg) < 0 ? NGX_CLOSE_EVENT : 0;

    if (c->read->active) {
        ngx_del_event(c->read, NGX_READ_EVENT, flags);
    }

    if (c->write->active) {
        ngx_del_event(c->write, NGX_WRITE_EVENT, flags);
    }

    ngx_close_connection(c);
}


void
dt_pg_conn_drop(dt_pg_conn_t *conn)
{
    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    conn->timer.cancelable = 1;

    if (conn->pg) {
        dt_pg_conn_unwatch(conn);
        PQfinish(conn->pg);
        conn->pg = NULL;
    }

    conn->state = DT_PG_CLOSED;
    conn->sent = 0;
    conn->broken = 0;
    conn->retiring = 0;
}


void
dt_pg_conn_close(dt_pg_conn_t *conn, dt_pg_close_e why, const char *text)
{
    size_t        len;
    u_char        line[DT_PG_LOG_LINE];
    ngx_uint_t    level;
    const char   *what;

    switch (why) {

    case DT_PG_FAILED:
        level = NGX_LOG_ERR;
        what = "cannot connect";
        break;

    case DT_PG_FROZEN:
        level = NGX_LOG_ERR;
        what = "lost: no answer in time";
        break;

    case DT_PG_RETIRED:
        level = NGX_LOG_NOTICE;
        what = "closed";
        break;

    default:
        level = NGX_LOG_ERR;
        what = "lost";
    }

    if (text) {
        len = dt_pg_error_line(line, sizeof(line), text);

        ngx_log_error(level, conn->pool->log, 0,
                      "postgres \"%V\": connection %ui %s, %ui in flight: "
                      "%*s", &conn->pool->conf->name, conn->number, what,
                      conn->n, len, line);
    }

    dt_pg_conn_drop(conn);
    dt_pg_pool_closed(conn, why);
}


void
dt_pg_conn_lost(dt_pg_conn_t *conn)
{
    dt_pg_conn_close(conn,
                     conn->state == DT_PG_READY ? DT_PG_LOST : DT_PG_FAILED,
                     PQerrorMessage(conn->pg));
}


static void
dt_pg_conn_event(ngx_event_t *ev)
{
    dt_pg_conn_t      *conn;
    ngx_connection_t  *c;

    c = ev->data;
    conn = c->data;

    if (conn->state == DT_PG_CONNECTING) {
        dt_pg_conn_poll(conn);

    } else if (ev->write) {
        conn->sent = 1;
        dt_pg_conn_flush(conn);

    } else {
        dt_pg_conn_read(conn);
    }
}


/*
 * While units are out this timer is not cancelable: it keeps a leaving worker
 * until they are answered.  It is not moved with each of them, but looks at
 * the oldest when it fires.
 */

static void
dt_pg_conn_timeout(ngx_event_t *ev)
{
    dt_pg_conn_t *conn = ev->data;

    ngx_msec_t     age, limit;
    dt_pg_unit_t  *unit;

    if (conn->state != DT_PG_READY) {
        dt_pg_conn_close(conn, DT_PG_FAILED, "timed out");
        return;
    }

    if (conn->n == 0) {
        return;
    }

    unit = ngx_queue_data(ngx_queue_head(&conn->units), dt_pg_unit_t, queue);

    age = ngx_current_msec - unit->time;
    limit = 2 * conn->pool->conf->timeout;

    if (age < limit) {
        ngx_add_timer(ev, limit - age);
        return;
    }

    dt_pg_conn_close(conn, DT_PG_FROZEN, unit->sql->name);
}


void
dt_pg_conn_send(dt_pg_conn_t *conn, dt_pg_unit_t *unit)
{
    const dt_sql_t  *sql;

    sql = unit->sql;

    unit->time = ngx_current_msec;
    ngx_queue_insert_tail(&conn->units, &unit->queue);
    conn->n++;

    conn->timer.cancelable = 0;

    if (!conn->timer.timer_set) {
        ngx_add_timer(&conn->timer, 2 * conn->pool->conf->timeout);
    }

    conn->sent = 1;

    dt_pg_watch_sent(conn->pool);

    if (!PQsendQueryPrepared(conn->pg, sql->name, (int) sql->nparams,
                             unit->values, NULL, NULL, 0)
        || !PQpipelineSync(conn->pg))
    {
        conn->broken = 1;
    }
}


void
dt_pg_conn_flush(dt_pg_conn_t *conn)
{
    ngx_int_t     rc;
    ngx_event_t  *wev;

    if (!conn->sent) {
        return;
    }

    conn->sent = 0;

    if (conn->broken) {
        dt_pg_conn_lost(conn);
        return;
    }

    wev = conn->c->write;
    rc = NGX_OK;

    switch (PQflush(conn->pg)) {

    case 0:
        if (wev->active) {
            rc = ngx_del_event(wev, NGX_WRITE_EVENT, 0);
        }
        break;

    case 1:
        if (!wev->active) {
            rc = ngx_add_event(wev, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);
        }
        break;

    default:
        rc = NGX_ERROR;
    }

    if (rc != NGX_OK) {
        dt_pg_conn_lost(conn);
        return;
    }

    /*
     * When the socket is full, libpq reads while it writes: there may be
     * answers that no event will ever tell of.
     */

    (void) dt_pg_conn_drain(conn);
}
