/*
 * What comes back on a connection: answers to the head of its FIFO, and
 * notifications.
 */

#include "dt_pg_conn.h"


/* PQgetResult() says NULL once behind each statement and Sync; more in a row
 * while answers are due means that libpq has nothing to wait for. */
#define DT_PG_NULLS  4


static ngx_uint_t dt_pg_conn_pending(dt_pg_conn_t *conn);
static ngx_int_t dt_pg_conn_answer(dt_pg_conn_t *conn, PGresult *result);
static ngx_int_t dt_pg_conn_prepared(dt_pg_conn_t *conn, PGresult *result);
static ngx_int_t dt_pg_conn_result(dt_pg_conn_t *conn, PGresult *result);
static void dt_pg_conn_synced(dt_pg_conn_t *conn);
static void dt_pg_conn_notified(dt_pg_conn_t *conn);


void
dt_pg_conn_read(dt_pg_conn_t *conn)
{
    int  alive;

    do {
        alive = PQconsumeInput(conn->pg);

        if (alive) {
            dt_pg_watch_heard(conn->pool);
        }

        /* The last words of a server that goes away count too. */

        if (dt_pg_conn_drain(conn) != NGX_OK) {
            return;
        }

        if (!alive || PQstatus(conn->pg) == CONNECTION_BAD) {
            dt_pg_conn_lost(conn);
            return;
        }

    } while (dt_pg_conn_pending(conn));
}


/* TLS: what OpenSSL holds decrypted does not wake epoll. */

static ngx_uint_t
dt_pg_conn_pending(dt_pg_conn_t *conn)
{
#if (NGX_OPENSSL)
    SSL  *ssl;

    ssl = PQsslStruct(conn->pg, "OpenSSL");

    return ssl && SSL_pending(ssl) > 0;
#else
    return 0;
#endif
}


ngx_int_t
dt_pg_conn_drain(dt_pg_conn_t *conn)
{
    PGresult    *result;
    ngx_uint_t   nulls;

    nulls = 0;

    while ((conn->n || conn->state == DT_PG_PREPARING)
           && !PQisBusy(conn->pg))
    {
        result = PQgetResult(conn->pg);

        if (result) {
            nulls = 0;

            if (dt_pg_conn_answer(conn, result) != NGX_OK) {
                return NGX_ERROR;
            }

        } else if (++nulls == DT_PG_NULLS) {
            dt_pg_conn_lost(conn);
            return NGX_ERROR;
        }
    }

    /* Without memory for an answer libpq says so and waits for it: while one
     * is due there is no other reason to say something. */

    if ((conn->n || conn->state == DT_PG_PREPARING)
        && *PQerrorMessage(conn->pg))
    {
        dt_pg_conn_lost(conn);
        return NGX_ERROR;
    }

    if (conn->n == 0 && conn->state == DT_PG_READY) {

        if (conn->retiring) {
            dt_pg_conn_close(conn, DT_PG_RETIRED, "to be made anew");
            return NGX_ERROR;
        }

        /* The NULL behind the last Sync: only then is libpq idle and takes
         * what the server says unasked. */

        if (!PQisBusy(conn->pg)) {
            PQclear(PQgetResult(conn->pg));
        }
    }

    dt_pg_conn_notified(conn);

    return NGX_OK;
}


static ngx_int_t
dt_pg_conn_answer(dt_pg_conn_t *conn, PGresult *result)
{
    if (conn->state == DT_PG_PREPARING) {
        return dt_pg_conn_prepared(conn, result);
    }

    return dt_pg_conn_result(conn, result);
}


static ngx_int_t
dt_pg_conn_prepared(dt_pg_conn_t *conn, PGresult *result)
{
    switch (dt_pg_setup_answer(conn, result)) {

    case NGX_AGAIN:
        return NGX_OK;

    case NGX_OK:
        ngx_del_timer(&conn->timer);
        conn->state = DT_PG_READY;
        dt_pg_pool_ready(conn);
        return NGX_OK;

    default:
        dt_pg_conn_close(conn, DT_PG_FAILED, NULL);
        return NGX_ERROR;
    }
}


static ngx_int_t
dt_pg_conn_result(dt_pg_conn_t *conn, PGresult *result)
{
    dt_pg_unit_t  *unit;

    unit = ngx_queue_data(ngx_queue_head(&conn->units), dt_pg_unit_t, queue);

    switch (PQresultStatus(result)) {

    case PGRES_PIPELINE_SYNC:
        PQclear(result);
        dt_pg_conn_synced(conn);
        return NGX_OK;

    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        break;

    case PGRES_FATAL_ERROR:
        if (PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
            break;
        }

        /* libpq's own: the connection is gone, or memory is short */

        /* fall through */

    default:
        PQclear(result);
        dt_pg_conn_lost(conn);
        return NGX_ERROR;
    }

    /* The last word counts: a deferred constraint is refused at the Sync,
     * after the row has come. */

    PQclear(unit->result);
    unit->result = result;

    return NGX_OK;
}


static void
dt_pg_conn_synced(dt_pg_conn_t *conn)
{
    dt_pg_unit_t  *unit;

    unit = ngx_queue_data(ngx_queue_head(&conn->units), dt_pg_unit_t, queue);

    ngx_queue_remove(&unit->queue);
    conn->n--;

    if (conn->n == 0) {
        conn->timer.cancelable = 1;
    }

    dt_pg_unit_answered(conn, unit);
}


static void
dt_pg_conn_notified(dt_pg_conn_t *conn)
{
    PGnotify           *notify;
    ngx_uint_t          n;
    dt_pg_pool_init_t  *init;

    for (n = 0; /* void */; n++) {
        notify = PQnotifies(conn->pg);
        if (notify == NULL) {
            break;
        }

        PQfreemem(notify);
    }

    init = &conn->pool->init;

    if (n && init->on_notify) {
        init->on_notify(init->data);
    }
}
