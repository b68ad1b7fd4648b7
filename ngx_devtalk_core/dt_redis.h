/*
 * Redis: one pipelined connection in each worker (hiredis, 0.14 and 1.x), and
 * one more that listens.  A breaker in front: while Redis is away, commands
 * are refused at once and cost nothing.
 */

#ifndef _DT_REDIS_H_INCLUDED_
#define _DT_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <hiredis/hiredis.h>


/*
 * "reply" belongs to hiredis and dies on return; NULL when Redis went away or
 * fell silent for its timeout.  Every accepted command ends in exactly one
 * call, from the event loop, unless it was forgotten.
 */
typedef void (*dt_redis_done_pt)(void *data, redisReply *reply);

typedef struct dt_redis_op_s  dt_redis_op_t;

/* NULL: away (breaker open), too many commands are out, or no memory; "done"
 * is not called.  The arguments are copied; "done" may be NULL. */
dt_redis_op_t *dt_redis_command(ngx_uint_t argc, const char **argv,
    const size_t *argvlen, dt_redis_done_pt done, void *data);

/* "done" will not be called. */
void dt_redis_forget(dt_redis_op_t *op);

/* 1 while connected. */
ngx_uint_t dt_redis_up(void);

/* Commands that are out: the cache leaves the last of the room to marks. */
ngx_uint_t dt_redis_pending(void);

/* ngx_current_msec when this worker last lost Redis, or its start; and when
 * it last came up. */
ngx_msec_t dt_redis_away_since(void);
ngx_msec_t dt_redis_up_since(void);


/*
 * What has to be said on each new connection before it is up: "greet" is
 * called when it stands, sends by dt_redis_greeting(), and ends in
 * dt_redis_greeted(), or in dt_redis_reject(), which closes it.  To be set
 * in init_process.
 */
void dt_redis_on_connect(void (*greet)(void));
ngx_int_t dt_redis_greeting(ngx_uint_t argc, const char **argv,
    const size_t *argvlen, dt_redis_done_pt done, void *data);
void dt_redis_greeted(void);
void dt_redis_reject(const char *reason);


/*
 * Subscribes this worker, in init_process; each of core and the services may.
 * "message" gets each payload, in the order in which Redis took them, over
 * all channels; "state" gets 1 when the subscription stands and 0 when it is
 * lost.  Reconnects by itself.  "listeners" is copied; "channel" lives as
 * long as the worker.
 */
typedef struct {
    const char   *channel;
    void        (*message)(const char *payload, size_t len);
} dt_redis_listener_t;

ngx_int_t dt_redis_listen(ngx_cycle_t *cycle,
    const dt_redis_listener_t *listeners, ngx_uint_t n,
    void (*state)(ngx_uint_t up));

/* It stands, but nothing comes: connects anew. */
void dt_redis_listen_again(void);


/* For core's init_process and exit_process. */
ngx_int_t dt_redis_init_worker(ngx_cycle_t *cycle);
void dt_redis_exit_worker(ngx_cycle_t *cycle);

/* Of dt_redis_exit_worker(). */
void dt_redis_listen_exit(void);


#endif /* _DT_REDIS_H_INCLUDED_ */
