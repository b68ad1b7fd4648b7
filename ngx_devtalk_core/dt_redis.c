/*
 * Redis: the worker's connection for commands.
 */

#include "dt_conf.h"
#include "dt_metrics.h"
#include "dt_redis.h"
#include "dt_redis_adapter.h"


#define DT_REDIS_PENDING  4096
#define DT_REDIS_CONNECT  500      /* ms */


struct dt_redis_op_s {
    ngx_queue_t          queue;
    ngx_msec_t           sent;
    dt_redis_done_pt     done;     /* NULL: forgotten */
    void                *data;
};


typedef enum {
    DT_REDIS_AWAY = 0,
    DT_REDIS_CONNECTING,
    DT_REDIS_GREETING,
    DT_REDIS_UP
} dt_redis_state_e;

typedef struct {
    dt_redis_adapter_t   adapter;
    dt_redis_state_e     state;
    unsigned             quiet:1;      /* its being away is in the log */
    unsigned             refused:1;    /* and why it is of no use */

    ngx_event_t          timer;        /* to connect, and for replies */
    ngx_event_t          retry;
    ngx_msec_t           backoff;

    ngx_queue_t          ops;          /* in the order of their replies */
    ngx_uint_t           pending;
    ngx_msec_t           heard;        /* the last reply */
    ngx_msec_t           away_since;
    ngx_msec_t           up_since;

    void               (*greet)(void);
} dt_redis_t;


static void dt_redis_connect(void);
static void dt_redis_retry_handler(ngx_event_t *ev);
static void dt_redis_timer_handler(ngx_event_t *ev);
static void dt_redis_ready(void);
static void dt_redis_authenticated(void *data, redisReply *reply);
static void dt_redis_greet(void);
static void dt_redis_lost(void);
static const char *dt_redis_reason(void);
static void dt_redis_gone(void);
static dt_redis_op_t *dt_redis_send(ngx_uint_t argc, const char **argv,
    const size_t *argvlen, dt_redis_done_pt done, void *data);
static void dt_redis_reply(redisReply *reply);
static void dt_redis_answered(dt_redis_op_t *op, redisReply *reply);


static dt_redis_t  dt_redis;


ngx_int_t
dt_redis_init_worker(ngx_cycle_t *cycle)
{
    if (dt_main_conf()->redis_port == 0) {
        return NGX_OK;
    }

    ngx_queue_init(&dt_redis.ops);

    dt_redis.adapter.ready = dt_redis_ready;
    dt_redis.adapter.reply = dt_redis_reply;
    dt_redis.adapter.gone = dt_redis_gone;
    dt_redis.away_since = ngx_current_msec;

    dt_redis.timer.handler = dt_redis_timer_handler;
    dt_redis.timer.log = cycle->log;
    dt_redis.timer.data = &dt_redis;

    dt_redis.retry.handler = dt_redis_retry_handler;
    dt_redis.retry.log = cycle->log;
    dt_redis.retry.data = &dt_redis;
    dt_redis.retry.cancelable = 1;

    /* the modules that greet are initialized behind this one */

    ngx_add_timer(&dt_redis.retry, 1);

    return NGX_OK;
}


void
dt_redis_exit_worker(ngx_cycle_t *cycle)
{
    ngx_queue_t    *q;
    dt_redis_op_t  *op;

    if (dt_main_conf()->redis_port == 0) {
        return;
    }

    for (q = ngx_queue_head(&dt_redis.ops);
         q != ngx_queue_sentinel(&dt_redis.ops);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, dt_redis_op_t, queue);
        op->done = NULL;
    }

    dt_redis.state = DT_REDIS_AWAY;
    dt_redis.quiet = 1;

    dt_redis_close(&dt_redis.adapter);
    dt_redis_listen_exit();
}


static void
dt_redis_connect(void)
{
    const dt_main_conf_t  *conf;

    conf = dt_main_conf();

    if (dt_redis_open(&dt_redis.adapter, (const char *) conf->redis_host.data,
                      conf->redis_port, ngx_cycle->log)
        != NGX_OK)
    {
        ngx_add_timer(&dt_redis.retry, dt_redis_backoff(&dt_redis.backoff));
        return;
    }

    dt_redis.state = DT_REDIS_CONNECTING;
    dt_redis.timer.cancelable = 1;
    ngx_add_timer(&dt_redis.timer, DT_REDIS_CONNECT);
}


static void
dt_redis_retry_handler(ngx_event_t *ev)
{
    dt_redis_connect();
}


static void
dt_redis_ready(void)
{
    size_t                 len[2];
    const char            *arg[2];
    const dt_main_conf_t  *conf;

    conf = dt_main_conf();
    dt_redis.state = DT_REDIS_GREETING;
    dt_redis.heard = ngx_current_msec;

    if (conf->redis_password.len == 0) {
        dt_redis_greet();
        return;
    }

    arg[0] = "AUTH";
    len[0] = 4;
    arg[1] = (const char *) conf->redis_password.data;
    len[1] = conf->redis_password.len;

    if (dt_redis_greeting(2, arg, len, dt_redis_authenticated, NULL)
        != NGX_OK)
    {
        dt_redis_reject("no memory");
    }
}


static void
dt_redis_authenticated(void *data, redisReply *reply)
{
    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        dt_redis_reject(reply->str);
        return;
    }

    dt_redis_greet();
}


static void
dt_redis_greet(void)
{
    if (dt_redis.greet) {
        dt_redis.greet();

    } else {
        dt_redis_greeted();
    }
}


void
dt_redis_on_connect(void (*greet)(void))
{
    dt_redis.greet = greet;
}


void
dt_redis_greeted(void)
{
    if (dt_redis.state != DT_REDIS_GREETING) {
        return;
    }

    if (dt_redis.quiet) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "devtalk: Redis is back");
    }

    dt_redis.state = DT_REDIS_UP;
    dt_redis.up_since = ngx_current_msec;
    dt_redis.quiet = 0;
    dt_redis.refused = 0;
    dt_redis.backoff = 0;
}


void
dt_redis_reject(const char *reason)
{
    if (!dt_redis.refused) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "devtalk: Redis is of no use: %s", reason);
        dt_redis.refused = 1;
        dt_redis.quiet = 1;
    }

    dt_redis_lost();
    dt_redis_close(&dt_redis.adapter);
}


/* From here on, commands are refused. */

static void
dt_redis_lost(void)
{
    if (dt_redis.state == DT_REDIS_UP) {
        dt_redis.away_since = ngx_current_msec;
        dt_count(DT_M_REDIS_LOST, 1);
    }

    dt_redis.state = DT_REDIS_AWAY;

    if (!dt_redis.quiet) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "devtalk: Redis is away: %s", dt_redis_reason());
        dt_redis.quiet = 1;
    }
}


static const char *
dt_redis_reason(void)
{
    const char  *error;

    error = dt_redis.adapter.error;

    return dt_redis.adapter.context == NULL && *error ? error : "timed out";
}


/* The connection's end is told to its commands first. */

static void
dt_redis_gone(void)
{
    ngx_queue_t  *q;

    dt_redis_lost();

    while (!ngx_queue_empty(&dt_redis.ops)) {
        q = ngx_queue_head(&dt_redis.ops);
        dt_redis_answered(ngx_queue_data(q, dt_redis_op_t, queue), NULL);
    }

    if (dt_redis.timer.timer_set) {
        ngx_del_timer(&dt_redis.timer);
    }

    ngx_add_timer(&dt_redis.retry, dt_redis_backoff(&dt_redis.backoff));
}


dt_redis_op_t *
dt_redis_command(ngx_uint_t argc, const char **argv, const size_t *argvlen,
    dt_redis_done_pt done, void *data)
{
    if (dt_redis.state != DT_REDIS_UP || dt_redis.pending >= DT_REDIS_PENDING)
    {
        return NULL;
    }

    return dt_redis_send(argc, argv, argvlen, done, data);
}


ngx_int_t
dt_redis_greeting(ngx_uint_t argc, const char **argv, const size_t *argvlen,
    dt_redis_done_pt done, void *data)
{
    if (dt_redis.state != DT_REDIS_GREETING
        || dt_redis_send(argc, argv, argvlen, done, data) == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static dt_redis_op_t *
dt_redis_send(ngx_uint_t argc, const char **argv, const size_t *argvlen,
    dt_redis_done_pt done, void *data)
{
    ngx_msec_t      timeout;
    dt_redis_op_t  *op;

    op = ngx_alloc(sizeof(dt_redis_op_t), ngx_cycle->log);
    if (op == NULL) {
        return NULL;
    }

    if (dt_redis_write(&dt_redis.adapter, argc, argv, argvlen) != NGX_OK) {
        ngx_free(op);
        return NULL;
    }

    op->sent = ngx_current_msec;
    op->done = done;
    op->data = data;

    ngx_queue_insert_tail(&dt_redis.ops, &op->queue);

    /* commands in flight keep a leaving worker alive, an idle connection
     * does not: the timer stays set, but does not count */

    if (dt_redis.pending++ == 0) {
        timeout = dt_main_conf()->redis_timeout;
        dt_redis.timer.cancelable = 0;
        ngx_add_timer(&dt_redis.timer, timeout);
    }

    return op;
}


void
dt_redis_forget(dt_redis_op_t *op)
{
    op->done = NULL;
}


static void
dt_redis_reply(redisReply *reply)
{
    ngx_queue_t  *q;

    if (ngx_queue_empty(&dt_redis.ops)) {

        /* unasked, as when it has too many clients */

        dt_redis_reject(reply->type == REDIS_REPLY_ERROR ? reply->str
                                                         : "an odd reply");
        return;
    }

    q = ngx_queue_head(&dt_redis.ops);
    dt_redis_answered(ngx_queue_data(q, dt_redis_op_t, queue), reply);
}


static void
dt_redis_answered(dt_redis_op_t *op, redisReply *reply)
{
    dt_redis.heard = ngx_current_msec;
    dt_redis.pending--;
    ngx_queue_remove(&op->queue);

    if (dt_redis.pending == 0) {
        dt_redis.timer.cancelable = 1;
    }

    if (op->done) {
        op->done(op->data, reply);
    }

    ngx_free(op);
}


/*
 * Replies come in order, so that all wait for the first; and while replies
 * do come, a long queue is no reason to give up on Redis.
 */

static void
dt_redis_timer_handler(ngx_event_t *ev)
{
    ngx_msec_t      timeout, since;
    dt_redis_op_t  *op;

    if (ngx_queue_empty(&dt_redis.ops)) {

        if (dt_redis.state != DT_REDIS_UP) {
            dt_redis_lost();
            dt_redis_close(&dt_redis.adapter);
        }

        return;
    }

    op = ngx_queue_data(ngx_queue_head(&dt_redis.ops), dt_redis_op_t, queue);
    timeout = dt_main_conf()->redis_timeout;

    since = (ngx_msec_int_t) (dt_redis.heard - op->sent) > 0 ? dt_redis.heard
                                                             : op->sent;

    if (ngx_current_msec - since < timeout) {
        ngx_add_timer(ev, since + timeout - ngx_current_msec);
        return;
    }

    dt_redis_lost();
    dt_redis_close(&dt_redis.adapter);
}


ngx_uint_t
dt_redis_up(void)
{
    return dt_redis.state == DT_REDIS_UP;
}


ngx_uint_t
dt_redis_pending(void)
{
    return dt_redis.pending;
}


ngx_msec_t
dt_redis_away_since(void)
{
    return dt_redis.away_since;
}


ngx_msec_t
dt_redis_up_since(void)
{
    return dt_redis.up_since;
}
