/*
 * hiredis on nginx's events.
 *
 * hiredis reads at most 16 KB at a time, so that the read event is level
 * triggered.  What was queued in a turn of the event loop is written at its
 * end, in one piece; the write event only waits for what did not fit.
 */

#include "dt_redis_adapter.h"


#define DT_REDIS_BACKOFF_MIN  50      /* ms */
#define DT_REDIS_BACKOFF_MAX  500     /* see DT_NODE_QUARANTINE */


static ngx_int_t dt_redis_attach(dt_redis_adapter_t *adapter, ngx_log_t *log);
static void dt_redis_connected(const redisAsyncContext *context, int status);
static void dt_redis_add_read(void *data);
static void dt_redis_del_read(void *data);
static void dt_redis_add_write(void *data);
static void dt_redis_del_write(void *data);
static void dt_redis_cleanup(void *data);
static void dt_redis_read_handler(ngx_event_t *ev);
static void dt_redis_write_handler(ngx_event_t *ev);
static void dt_redis_flush_handler(ngx_event_t *ev);
static void dt_redis_write(dt_redis_adapter_t *adapter);


ngx_int_t
dt_redis_open(dt_redis_adapter_t *adapter, const char *host, ngx_uint_t port,
    ngx_log_t *log)
{
    redisAsyncContext  *context;

    context = redisAsyncConnect(host, port);

    if (context == NULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "devtalk: no memory for Redis");
        return NGX_ERROR;
    }

    if (context->err) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "devtalk: Redis %s:%ui: %s", host,
                      port, context->errstr);
        redisAsyncFree(context);
        return NGX_ERROR;
    }

    adapter->context = context;

    if (dt_redis_attach(adapter, log) != NGX_OK) {
        adapter->context = NULL;
        redisAsyncFree(context);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
dt_redis_attach(dt_redis_adapter_t *adapter, ngx_log_t *log)
{
    ngx_connection_t   *c;
    redisAsyncContext  *context;

    context = adapter->context;

    c = ngx_get_connection(context->c.fd, log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    /* the descriptor is hiredis's */
    c->shared = 1;
    c->data = adapter;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->log = log;
    c->read->handler = dt_redis_read_handler;
    c->write->log = log;
    c->write->handler = dt_redis_write_handler;

    ngx_memzero(&adapter->flush, sizeof(ngx_event_t));
    adapter->flush.data = adapter;
    adapter->flush.log = log;
    adapter->flush.handler = dt_redis_flush_handler;

    adapter->connection = c;
    adapter->writing = 0;
    adapter->closing = 0;
    adapter->error[0] = '\0';

    context->data = adapter;
    context->ev.data = adapter;
    context->ev.addRead = dt_redis_add_read;
    context->ev.delRead = dt_redis_del_read;
    context->ev.addWrite = dt_redis_add_write;
    context->ev.delWrite = dt_redis_del_write;
    context->ev.cleanup = dt_redis_cleanup;

    /* this also waits for the first write event, that is, the connection */

    (void) redisAsyncSetConnectCallback(context, dt_redis_connected);

    return NGX_OK;
}


static void
dt_redis_connected(const redisAsyncContext *context, int status)
{
    dt_redis_adapter_t  *adapter;

    adapter = context->data;

    if (status == REDIS_OK) {
        adapter->starting = 1;
        adapter->ready();
        adapter->starting = 0;
    }
}


static void
dt_redis_add_read(void *data)
{
    dt_redis_adapter_t *adapter = data;

    ngx_event_t  *rev;

    rev = adapter->connection->read;

    if (!rev->active
        && ngx_add_event(rev, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, rev->log, 0,
                      "devtalk: cannot wait for Redis");
    }
}


static void
dt_redis_del_read(void *data)
{
    dt_redis_adapter_t *adapter = data;

    if (adapter->connection->read->active) {
        (void) ngx_del_event(adapter->connection->read, NGX_READ_EVENT, 0);
    }
}


static void
dt_redis_add_write(void *data)
{
    dt_redis_adapter_t *adapter = data;

    ngx_event_t  *wev;

    wev = adapter->connection->write;

    if (wev->active) {
        return;
    }

    if ((adapter->context->c.flags & REDIS_CONNECTED) && !adapter->writing) {
        ngx_post_event(&adapter->flush, &ngx_posted_events);
        return;
    }

    if (ngx_add_event(wev, NGX_WRITE_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, wev->log, 0,
                      "devtalk: cannot wait for Redis");
    }
}


static void
dt_redis_del_write(void *data)
{
    dt_redis_adapter_t *adapter = data;

    if (adapter->connection->write->active) {
        (void) ngx_del_event(adapter->connection->write, NGX_WRITE_EVENT, 0);
    }
}


/* hiredis is about to close the socket and to free the context. */

static void
dt_redis_cleanup(void *data)
{
    dt_redis_adapter_t *adapter = data;

    ngx_connection_t  *c;

    c = adapter->connection;

    (void) ngx_cpystrn((u_char *) adapter->error,
                       (u_char *) adapter->context->errstr,
                       sizeof(adapter->error));

    dt_redis_del_read(adapter);
    dt_redis_del_write(adapter);

    if (adapter->flush.posted) {
        ngx_delete_posted_event(&adapter->flush);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;

    adapter->connection = NULL;
    adapter->context = NULL;

    adapter->gone();
}


/* The context may be gone when one of hiredis's handlers returns. */

static void
dt_redis_read_handler(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    dt_redis_adapter_t  *adapter;

    c = ev->data;
    adapter = c->data;

    redisAsyncHandleRead(adapter->context);
}


static void
dt_redis_write_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    c = ev->data;

    dt_redis_write(c->data);
}


static void
dt_redis_flush_handler(ngx_event_t *ev)
{
    dt_redis_adapter_t  *adapter;

    adapter = ev->data;

    if (adapter->closing) {
        redisAsyncFree(adapter->context);
        return;
    }

    dt_redis_write(adapter);
}


static void
dt_redis_write(dt_redis_adapter_t *adapter)
{
    adapter->writing = 1;

    redisAsyncHandleWrite(adapter->context);

    adapter->writing = 0;
}


void
dt_redis_close(dt_redis_adapter_t *adapter)
{
    if (adapter->context == NULL) {
        return;
    }

    /* hiredis 0.14 uses the context when its connect callback returns */

    if (adapter->starting) {
        adapter->closing = 1;
        ngx_post_event(&adapter->flush, &ngx_posted_events);
        return;
    }

    redisAsyncFree(adapter->context);
}


ngx_msec_t
dt_redis_backoff(ngx_msec_t *backoff)
{
    *backoff = ngx_max(*backoff, DT_REDIS_BACKOFF_MIN);
    *backoff = ngx_min(*backoff * 2, DT_REDIS_BACKOFF_MAX);

    return *backoff / 2 + (ngx_msec_t) ngx_random() % (*backoff / 2 + 1);
}
