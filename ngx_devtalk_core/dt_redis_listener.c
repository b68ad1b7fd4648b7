/*
 * Redis: the worker's connection for messages.
 */

#include "dt_conf.h"
#include "dt_redis.h"
#include "dt_redis_adapter.h"


#define DT_LISTENER_CHANNELS  8
#define DT_LISTENER_STATES    4
#define DT_LISTENER_CONNECT   1000     /* ms to connect and subscribe */


typedef struct {
    dt_redis_adapter_t           adapter;
    ngx_event_t                  timer;
    ngx_event_t                  retry;
    ngx_msec_t                   backoff;

    dt_redis_listener_t          listeners[DT_LISTENER_CHANNELS];
    ngx_uint_t                   n;
    ngx_uint_t                   subscribed;   /* channels that stand */
    void                       (*states[DT_LISTENER_STATES])(ngx_uint_t up);
    ngx_uint_t                   nstates;

    unsigned                     authenticating:1;
    unsigned                     leaving:1;
} dt_listener_t;


static void dt_listener_connect(void);
static void dt_listener_retry_handler(ngx_event_t *ev);
static void dt_listener_timer_handler(ngx_event_t *ev);
static void dt_listener_ready(void);
static void dt_listener_reply(redisReply *reply);
static void dt_listener_authenticated(const redisReply *reply);
static void dt_listener_subscribe(void);
static void dt_listener_message(const redisReply *reply);
static void dt_listener_subscribed(void);
static void dt_listener_gone(void);
static void dt_listener_tell(ngx_uint_t up);


static dt_listener_t  dt_listener;


ngx_int_t
dt_redis_listen(ngx_cycle_t *cycle, const dt_redis_listener_t *listeners,
    ngx_uint_t n, void (*state)(ngx_uint_t up))
{
    if (dt_listener.n + n > DT_LISTENER_CHANNELS
        || dt_listener.nstates == DT_LISTENER_STATES)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(&dt_listener.listeners[dt_listener.n], listeners,
               n * sizeof(dt_redis_listener_t));

    dt_listener.n += n;
    dt_listener.states[dt_listener.nstates++] = state;

    if (dt_listener.nstates > 1) {
        return NGX_OK;
    }

    /* the first: it connects when all of init_process is done */

    dt_listener.adapter.ready = dt_listener_ready;
    dt_listener.adapter.reply = dt_listener_reply;
    dt_listener.adapter.gone = dt_listener_gone;

    dt_listener.timer.handler = dt_listener_timer_handler;
    dt_listener.timer.log = cycle->log;
    dt_listener.timer.data = &dt_listener;
    dt_listener.timer.cancelable = 1;

    dt_listener.retry.handler = dt_listener_retry_handler;
    dt_listener.retry.log = cycle->log;
    dt_listener.retry.data = &dt_listener;
    dt_listener.retry.cancelable = 1;

    ngx_add_timer(&dt_listener.retry, 1);

    return NGX_OK;
}


static void
dt_listener_connect(void)
{
    const dt_main_conf_t  *conf;

    conf = dt_main_conf();
    dt_listener.subscribed = 0;

    if (dt_redis_open(&dt_listener.adapter,
                      (const char *) conf->redis_host.data, conf->redis_port,
                      ngx_cycle->log)
        != NGX_OK)
    {
        ngx_add_timer(&dt_listener.retry,
                      dt_redis_backoff(&dt_listener.backoff));
        return;
    }

    ngx_add_timer(&dt_listener.timer, DT_LISTENER_CONNECT);
}


static void
dt_listener_retry_handler(ngx_event_t *ev)
{
    dt_listener_connect();
}


static void
dt_listener_timer_handler(ngx_event_t *ev)
{
    dt_redis_close(&dt_listener.adapter);
}


static void
dt_listener_ready(void)
{
    size_t                 len[2];
    const char            *arg[2];
    const dt_main_conf_t  *conf;

    conf = dt_main_conf();
    dt_listener.authenticating = 0;

    if (conf->redis_password.len == 0) {
        dt_listener_subscribe();
        return;
    }

    arg[0] = "AUTH";
    len[0] = 4;
    arg[1] = (const char *) conf->redis_password.data;
    len[1] = conf->redis_password.len;

    dt_listener.authenticating = 1;

    if (dt_redis_write(&dt_listener.adapter, 2, arg, len) != NGX_OK) {
        dt_redis_close(&dt_listener.adapter);
    }
}


static void
dt_listener_reply(redisReply *reply)
{
    if (dt_listener.authenticating) {
        dt_listener_authenticated(reply);
    } else {
        dt_listener_message(reply);
    }
}


static void
dt_listener_authenticated(const redisReply *reply)
{
    dt_listener.authenticating = 0;

    if (reply->type == REDIS_REPLY_ERROR) {
        dt_redis_close(&dt_listener.adapter);
        return;
    }

    dt_listener_subscribe();
}


static void
dt_listener_subscribe(void)
{
    size_t       len[DT_LISTENER_CHANNELS + 1];
    ngx_uint_t   i;
    const char  *arg[DT_LISTENER_CHANNELS + 1];

    arg[0] = "SUBSCRIBE";
    len[0] = sizeof("SUBSCRIBE") - 1;

    for (i = 0; i < dt_listener.n; i++) {
        arg[i + 1] = dt_listener.listeners[i].channel;
        len[i + 1] = ngx_strlen(arg[i + 1]);
    }

    if (dt_redis_write(&dt_listener.adapter, dt_listener.n + 1, arg, len)
        != NGX_OK)
    {
        dt_redis_close(&dt_listener.adapter);
    }
}


/* ["subscribe", channel, number] or ["message", channel, payload]. */

static void
dt_listener_message(const redisReply *reply)
{
    ngx_uint_t                  i;
    redisReply                **part;
    const dt_redis_listener_t  *listener;

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "devtalk: Redis refused a subscription: %s", reply->str);
        dt_redis_close(&dt_listener.adapter);
        return;
    }

    if (reply->elements != 3
        || reply->element[0]->str == NULL || reply->element[1]->str == NULL)
    {
        return;
    }

    part = reply->element;

    if (ngx_strcmp(part[0]->str, "subscribe") == 0) {
        dt_listener_subscribed();
        return;
    }

    if (part[2]->type != REDIS_REPLY_STRING) {
        return;
    }

    for (i = 0; i < dt_listener.n; i++) {
        listener = &dt_listener.listeners[i];

        if (ngx_strcmp(part[1]->str, listener->channel) == 0) {
            listener->message(part[2]->str, part[2]->len);
            return;
        }
    }
}


static void
dt_listener_subscribed(void)
{
    if (++dt_listener.subscribed < dt_listener.n) {
        return;
    }

    dt_listener.backoff = 0;

    if (dt_listener.timer.timer_set) {
        ngx_del_timer(&dt_listener.timer);
    }

    dt_listener_tell(1);
}


static void
dt_listener_gone(void)
{
    ngx_uint_t  stood;

    stood = dt_listener.subscribed == dt_listener.n;
    dt_listener.subscribed = 0;

    if (dt_listener.leaving) {
        return;
    }

    if (dt_listener.timer.timer_set) {
        ngx_del_timer(&dt_listener.timer);
    }

    ngx_add_timer(&dt_listener.retry, dt_redis_backoff(&dt_listener.backoff));

    if (stood) {
        dt_listener_tell(0);
    }
}


static void
dt_listener_tell(ngx_uint_t up)
{
    ngx_uint_t  i;

    for (i = 0; i < dt_listener.nstates; i++) {
        dt_listener.states[i](up);
    }
}


void
dt_redis_listen_again(void)
{
    dt_redis_close(&dt_listener.adapter);
}


void
dt_redis_listen_exit(void)
{
    dt_listener.leaving = 1;
    dt_redis_close(&dt_listener.adapter);
}
