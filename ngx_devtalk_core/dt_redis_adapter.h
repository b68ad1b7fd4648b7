/*
 * hiredis on nginx's events: one connection.  Used by dt_redis*.c only.
 *
 * hiredis owns the context and its socket and frees both by itself when the
 * connection ends; "gone" is called once for each opened context, after the
 * callbacks of all pending commands were called with NULL.
 */

#ifndef _DT_REDIS_ADAPTER_H_INCLUDED_
#define _DT_REDIS_ADAPTER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <hiredis/async.h>


typedef struct {
    redisAsyncContext   *context;      /* NULL: closed */
    ngx_connection_t    *connection;
    ngx_event_t          flush;
    unsigned             writing:1;    /* inside of hiredis's write handler */
    unsigned             starting:1;   /* inside of "ready" */
    unsigned             closing:1;
    char                 error[128];   /* why it went */

    void               (*ready)(void);   /* connected */
    void               (*gone)(void);
} dt_redis_adapter_t;


/* Begins to connect; NGX_ERROR: could not even begin, "gone" is not called.
 * "adapter" lives as long as the worker. */
ngx_int_t dt_redis_open(dt_redis_adapter_t *adapter, const char *host,
    ngx_uint_t port, ngx_log_t *log);

/* "gone" is called, at the latest when the event loop's turn ends. */
void dt_redis_close(dt_redis_adapter_t *adapter);

/* Doubles "backoff", from 50 up to 500 ms, and returns it with up to half
 * taken off. */
ngx_msec_t dt_redis_backoff(ngx_msec_t *backoff);


#endif /* _DT_REDIS_ADAPTER_H_INCLUDED_ */
