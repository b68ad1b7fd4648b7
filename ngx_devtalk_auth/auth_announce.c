/*
 * A word to every worker: PUBLISH, and the answers to it.
 */

#include "auth_announce.h"
#include "dt_redis.h"

#include <sodium.h>


#define AUTH_CHANNEL  "devtalk:sessions"

/* A word is "<name of the worker> <number> <text>". */

#define AUTH_NAME_BYTES  8
#define AUTH_NAME_LEN    (2 * AUTH_NAME_BYTES)


/* Waits in the place of the call. */

typedef struct {
    ngx_queue_t     queue;
    dt_call_t      *call;
    dt_redis_op_t  *op;              /* NULL once it has ended */
    ngx_event_t     timer;
    uint64_t        number;
    int64_t         needed;          /* -1: Redis has not told yet */
    int64_t         answers;
} auth_announce_t;


static void auth_announce_state(ngx_uint_t up);
static ngx_int_t auth_announce_send(auth_announce_t *announce,
    const ngx_str_t *word);
static void auth_announce_sent(void *data, redisReply *reply);
static void auth_announce_heard(const char *payload, size_t len);
static void auth_announce_answer(const u_char *name, const u_char *number,
    size_t len);
static void auth_announce_answered(const char *payload, size_t len);
static void auth_announce_check(auth_announce_t *announce);
static void auth_announce_timeout(ngx_event_t *ev);
static void auth_announce_end(void *data);


static ngx_queue_t  auth_announces;
static uint64_t     auth_announce_number;

/* Of this worker, and the channel on which it is answered. */

static char         auth_announce_name[AUTH_NAME_LEN + 1];
static char         auth_announce_channel[sizeof(AUTH_CHANNEL ":")
                                          + AUTH_NAME_LEN];

static ngx_uint_t   auth_announce_listening;
static void       (*auth_announce_hear)(const u_char *p, const u_char *last);
static void       (*auth_announce_tell)(ngx_uint_t up);


ngx_int_t
auth_announce_init_worker(ngx_cycle_t *cycle,
    void (*heard)(const u_char *p, const u_char *last),
    void (*state)(ngx_uint_t up))
{
    u_char                     *p, name[AUTH_NAME_BYTES];
    const dt_redis_listener_t   listeners[] = {
        { AUTH_CHANNEL, auth_announce_heard },
        { auth_announce_channel, auth_announce_answered }
    };

    randombytes_buf(name, AUTH_NAME_BYTES);
    sodium_bin2hex(auth_announce_name, sizeof(auth_announce_name), name,
                   AUTH_NAME_BYTES);

    p = ngx_sprintf((u_char *) auth_announce_channel, AUTH_CHANNEL ":%s",
                    auth_announce_name);
    *p = '\0';

    ngx_queue_init(&auth_announces);
    auth_announce_hear = heard;
    auth_announce_tell = state;

    return dt_redis_listen(cycle, listeners, 2, auth_announce_state);
}


static void
auth_announce_state(ngx_uint_t up)
{
    auth_announce_listening = up;
    auth_announce_tell(up);
}


ngx_int_t
auth_announce(dt_call_t *call, const ngx_str_t *word)
{
    ngx_str_t         text;
    auth_announce_t  *announce;

    if (dt_main_conf()->redis_port == 0) {
        return DT_NEXT;
    }

    announce = ngx_pcalloc(call->pool, sizeof(auth_announce_t));
    if (announce == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    announce->call = call;
    announce->number = ++auth_announce_number;
    announce->needed = -1;

    announce->timer.handler = auth_announce_timeout;
    announce->timer.data = announce;
    announce->timer.log = ngx_cycle->log;

    text = dt_call_format(call, "%s %uL %V", auth_announce_name,
                          announce->number, word);
    if (text.data == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    ngx_queue_init(&announce->queue);

    if (dt_call_cleanup(call, auth_announce_end, announce) == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    if (auth_announce_send(announce, &text) != NGX_OK) {
        return DT_NEXT;
    }

    ngx_queue_insert_tail(&auth_announces, &announce->queue);
    ngx_add_timer(&announce->timer, AUTH_ANNOUNCE_WAIT);

    return DT_PARKED;
}


static ngx_int_t
auth_announce_send(auth_announce_t *announce, const ngx_str_t *word)
{
    size_t       len[3];
    const char  *arg[3];

    arg[0] = "PUBLISH";
    len[0] = sizeof("PUBLISH") - 1;
    arg[1] = AUTH_CHANNEL;
    len[1] = sizeof(AUTH_CHANNEL) - 1;
    arg[2] = (const char *) word->data;
    len[2] = word->len;

    announce->op = dt_redis_command(3, arg, len, auth_announce_sent, announce);

    return announce->op ? NGX_OK : NGX_ERROR;
}


/* Whatever Redis says, the others do not depend on it; and who hears nothing
 * has no answers to wait for. */

static void
auth_announce_sent(void *data, redisReply *reply)
{
    auth_announce_t *announce = data;

    announce->op = NULL;
    announce->needed = reply && reply->type == REDIS_REPLY_INTEGER
                       && auth_announce_listening
                       ? reply->integer : 0;

    auth_announce_check(announce);
}


static void
auth_announce_heard(const char *payload, size_t len)
{
    const u_char  *p, *last, *number, *text;

    p = (const u_char *) payload;
    last = p + len;

    number = ngx_strlchr((u_char *) p, (u_char *) last, ' ');
    text = number ? ngx_strlchr((u_char *) number + 1, (u_char *) last, ' ')
                  : NULL;

    if (text == NULL || number - p != AUTH_NAME_LEN) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "devtalk: a message on \"" AUTH_CHANNEL "\" that is "
                      "none of ours");
        return;
    }

    auth_announce_hear(text + 1, last);

    auth_announce_answer(p, number + 1, text - number - 1);
}


/* Should it get lost, the other one waits out its time. */

static void
auth_announce_answer(const u_char *name, const u_char *number, size_t len)
{
    u_char       *p, channel[sizeof(auth_announce_channel)];
    size_t        lens[3];
    const char   *arg[3];

    p = ngx_cpymem(channel, AUTH_CHANNEL ":", sizeof(AUTH_CHANNEL));
    p = ngx_cpymem(p, name, AUTH_NAME_LEN);

    arg[0] = "PUBLISH";
    lens[0] = sizeof("PUBLISH") - 1;
    arg[1] = (const char *) channel;
    lens[1] = p - channel;
    arg[2] = (const char *) number;
    lens[2] = len;

    (void) dt_redis_command(3, arg, lens, NULL, NULL);
}


static void
auth_announce_answered(const char *payload, size_t len)
{
    uint64_t          number;
    ngx_queue_t      *q;
    auth_announce_t  *announce;

    number = ngx_atoof((u_char *) payload, len);

    for (q = ngx_queue_head(&auth_announces);
         q != ngx_queue_sentinel(&auth_announces);
         q = ngx_queue_next(q))
    {
        announce = ngx_queue_data(q, auth_announce_t, queue);

        if (announce->number == number) {
            announce->answers++;
            auth_announce_check(announce);
            return;
        }
    }
}


/* An answer may be here before Redis has told how many there will be. */

static void
auth_announce_check(auth_announce_t *announce)
{
    if (announce->needed >= 0 && announce->answers >= announce->needed) {
        auth_announce_end(announce);
        dt_call_resume(announce->call);
    }
}


static void
auth_announce_timeout(ngx_event_t *ev)
{
    auth_announce_t *announce = ev->data;

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "devtalk: of %L workers %L have heard in %d ms which "
                  "sessions have ended", announce->needed, announce->answers,
                  AUTH_ANNOUNCE_WAIT);

    auth_announce_end(announce);
    dt_call_resume(announce->call);
}


/* By itself, or because the call is gone. */

static void
auth_announce_end(void *data)
{
    auth_announce_t *announce = data;

    if (announce->op) {
        dt_redis_forget(announce->op);
        announce->op = NULL;
    }

    if (announce->timer.timer_set) {
        ngx_del_timer(&announce->timer);
    }

    ngx_queue_remove(&announce->queue);
    ngx_queue_init(&announce->queue);
}
