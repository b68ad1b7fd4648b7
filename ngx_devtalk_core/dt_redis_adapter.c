/*
 * One connection to Redis on nginx's events.
 *
 * hiredis reads at most 16 KB at a time, so that the events are level
 * triggered.  What was queued in a turn of the event loop is written at its
 * end, in one piece; the write event only waits for what did not fit.
 */

#include <hiredis/sds.h>

#include "dt_redis_adapter.h"


#define DT_REDIS_BACKOFF_MIN  50      /* ms */
#define DT_REDIS_BACKOFF_MAX  500     /* see DT_NODE_QUARANTINE */

#define DT_REDIS_BUFFER       65536   /* more is given back when it is empty */


static ngx_int_t dt_redis_attach(dt_redis_adapter_t *adapter, ngx_log_t *log);
static void dt_redis_read_handler(ngx_event_t *ev);
static void dt_redis_write_handler(ngx_event_t *ev);
static void dt_redis_flush_handler(ngx_event_t *ev);
static void dt_redis_connected(dt_redis_adapter_t *adapter);
static ngx_int_t dt_redis_replies(dt_redis_adapter_t *adapter);
static void dt_redis_flush(dt_redis_adapter_t *adapter);
static ngx_int_t dt_redis_sent(dt_redis_adapter_t *adapter, size_t size);
static void dt_redis_failed(dt_redis_adapter_t *adapter, const char *reason);
static void dt_redis_detach(dt_redis_adapter_t *adapter);


ngx_int_t
dt_redis_open(dt_redis_adapter_t *adapter, const char *host, ngx_uint_t port,
    ngx_log_t *log)
{
    redisContext  *context;

    context = redisConnectNonBlock(host, (int) port);

    if (context == NULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "devtalk: no memory for Redis");
        return NGX_ERROR;
    }

    if (context->err) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "devtalk: Redis %s:%ui: %s", host,
                      port, context->errstr);
        redisFree(context);
        return NGX_ERROR;
    }

    /* hiredis asserts that there is memory for a smaller one */

    context->reader->maxbuf = 0;

    adapter->context = context;

    if (dt_redis_attach(adapter, log) != NGX_OK) {
        adapter->context = NULL;
        redisFree(context);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
dt_redis_attach(dt_redis_adapter_t *adapter, ngx_log_t *log)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(adapter->context->fd, log);
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
    adapter->connected = 0;
    adapter->busy = 0;
    adapter->closing = 0;
    adapter->error[0] = '\0';

    /* writable is: connected, or failed to */

    if (ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
        dt_redis_detach(adapter);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
dt_redis_read_handler(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    dt_redis_adapter_t  *adapter;

    c = ev->data;
    adapter = c->data;

    if (redisBufferRead(adapter->context) != REDIS_OK
        || dt_redis_replies(adapter) != NGX_OK)
    {
        dt_redis_failed(adapter, adapter->context->errstr);
        return;
    }

    if (adapter->closing) {
        dt_redis_failed(adapter, "");
    }
}


/* NGX_ERROR: no protocol, or no memory. */

static ngx_int_t
dt_redis_replies(dt_redis_adapter_t *adapter)
{
    void  *reply;

    while (!adapter->closing) {

        if (redisGetReplyFromReader(adapter->context, &reply) != REDIS_OK) {
            return NGX_ERROR;
        }

        if (reply == NULL) {
            break;
        }

        adapter->busy = 1;
        adapter->reply(reply);
        adapter->busy = 0;

        freeReplyObject(reply);
    }

    return NGX_OK;
}


static void
dt_redis_write_handler(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    dt_redis_adapter_t  *adapter;

    c = ev->data;
    adapter = c->data;

    if (adapter->connected) {
        dt_redis_flush(adapter);
    } else {
        dt_redis_connected(adapter);
    }
}


static void
dt_redis_connected(dt_redis_adapter_t *adapter)
{
    int                error;
    socklen_t          len;
    ngx_connection_t  *c;

    c = adapter->connection;
    error = 0;
    len = sizeof(error);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1) {
        error = ngx_socket_errno;
    }

    if (error) {
        dt_redis_failed(adapter, strerror(error));
        return;
    }

    if (ngx_del_event(c->write, NGX_WRITE_EVENT, 0) != NGX_OK
        || ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK)
    {
        dt_redis_failed(adapter, "no event");
        return;
    }

    adapter->connected = 1;

    adapter->busy = 1;
    adapter->ready();
    adapter->busy = 0;

    if (adapter->closing) {
        dt_redis_failed(adapter, "");
    }
}


ngx_int_t
dt_redis_write(dt_redis_adapter_t *adapter, ngx_uint_t argc,
    const char **argv, const size_t *argvlen)
{
    redisContext  *context;

    context = adapter->context;

    if (context == NULL || !adapter->connected || adapter->closing) {
        return NGX_ERROR;
    }

    if (redisAppendCommandArgv(context, (int) argc, argv, argvlen)
        != REDIS_OK)
    {
        /* no memory: what was there before is untouched */

        context->err = 0;
        context->errstr[0] = '\0';

        return NGX_ERROR;
    }

    if (!adapter->connection->write->active && !adapter->flush.posted) {
        ngx_post_event(&adapter->flush, &ngx_posted_events);
    }

    return NGX_OK;
}


static void
dt_redis_flush_handler(ngx_event_t *ev)
{
    dt_redis_flush(ev->data);
}


/* Not redisBufferWrite(): it needs memory when all is written, and does not
 * look whether it got some. */

static void
dt_redis_flush(dt_redis_adapter_t *adapter)
{
    size_t         size;
    ssize_t        n;
    ngx_err_t      error;
    redisContext  *context;

    context = adapter->context;
    size = sdslen(context->obuf);

    n = size ? write(context->fd, context->obuf, size) : 0;

    if (n == -1) {
        error = ngx_socket_errno;

        if (error != NGX_EAGAIN && error != NGX_EINTR) {
            dt_redis_failed(adapter, strerror(error));
            return;
        }

        n = 0;
    }

    if (dt_redis_sent(adapter, n) != NGX_OK) {
        dt_redis_failed(adapter, "no event");
    }
}


static ngx_int_t
dt_redis_sent(dt_redis_adapter_t *adapter, size_t size)
{
    sds            fresh;
    ngx_event_t   *wev;
    redisContext  *context;

    context = adapter->context;
    wev = adapter->connection->write;

    if (size < sdslen(context->obuf)) {
        sdsrange(context->obuf, (int) size, -1);

        return wev->active ? NGX_OK
                           : ngx_add_event(wev, NGX_WRITE_EVENT,
                                           NGX_LEVEL_EVENT);
    }

    sdsclear(context->obuf);

    if (sdsalloc(context->obuf) > DT_REDIS_BUFFER) {
        fresh = sdsempty();

        if (fresh) {
            sdsfree(context->obuf);
            context->obuf = fresh;
        }
    }

    return wev->active ? ngx_del_event(wev, NGX_WRITE_EVENT, 0) : NGX_OK;
}


void
dt_redis_close(dt_redis_adapter_t *adapter)
{
    if (adapter->context == NULL) {
        return;
    }

    if (adapter->busy) {
        adapter->closing = 1;
        return;
    }

    dt_redis_failed(adapter, "");
}


/* "reason" may be the context's own. */

static void
dt_redis_failed(dt_redis_adapter_t *adapter, const char *reason)
{
    (void) ngx_cpystrn((u_char *) adapter->error, (u_char *) reason,
                       sizeof(adapter->error));

    dt_redis_detach(adapter);

    redisFree(adapter->context);
    adapter->context = NULL;
    adapter->connected = 0;

    adapter->gone();
}


static void
dt_redis_detach(dt_redis_adapter_t *adapter)
{
    ngx_connection_t  *c;

    c = adapter->connection;

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }

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
}


ngx_msec_t
dt_redis_backoff(ngx_msec_t *backoff)
{
    *backoff = ngx_max(*backoff, DT_REDIS_BACKOFF_MIN);
    *backoff = ngx_min(*backoff * 2, DT_REDIS_BACKOFF_MAX);

    return *backoff / 2 + (ngx_msec_t) ngx_random() % (*backoff / 2 + 1);
}
