/*
 * One connection to Redis on nginx's events.  Used by dt_redis*.c only.
 *
 * hiredis writes and reads the protocol; its asynchronous half is not used:
 * where memory is short, that one loses its place in the replies, or aborts
 * the process.
 */

#ifndef _DT_REDIS_ADAPTER_H_INCLUDED_
#define _DT_REDIS_ADAPTER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <hiredis/hiredis.h>


typedef struct {
    redisContext        *context;      /* NULL: closed */
    ngx_connection_t    *connection;
    ngx_event_t          flush;
    unsigned             connected:1;
    unsigned             busy:1;       /* inside of "ready" or "reply" */
    unsigned             closing:1;    /* asked for meanwhile */
    char                 error[128];   /* why it went; empty: it was closed */

    void               (*ready)(void);   /* connected */
    void               (*reply)(redisReply *reply);   /* dies on return */
    void               (*gone)(void);
} dt_redis_adapter_t;


/* Begins to connect; NGX_ERROR: could not even begin, "gone" is not called.
 * "adapter" lives as long as the worker.  After NGX_OK "gone" is called once,
 * whatever ended the connection, and last of all. */
ngx_int_t dt_redis_open(dt_redis_adapter_t *adapter, const char *host,
    ngx_uint_t port, ngx_log_t *log);

/* Sends a command at the end of the event loop's turn, together with all
 * others.  NGX_ERROR: no memory, or closing; nothing of it is sent. */
ngx_int_t dt_redis_write(dt_redis_adapter_t *adapter, ngx_uint_t argc,
    const char **argv, const size_t *argvlen);

/* "gone" is called before it returns, or when "ready" or "reply" does. */
void dt_redis_close(dt_redis_adapter_t *adapter);

/* Doubles "backoff", from 50 up to 500 ms, and returns it with up to half
 * taken off. */
ngx_msec_t dt_redis_backoff(ngx_msec_t *backoff);


#endif /* _DT_REDIS_ADAPTER_H_INCLUDED_ */
