/*
 * The node among the others.
 */

#include "dt_cache_node.h"
#include "dt_cache_script.h"
#include "dt_conf.h"


#define DT_NODE_BEAT     200     /* ms */
#define DT_NODE_SELF     1000    /* ms between beats of the other workers */
#define DT_NODE_SILENCE  1500    /* ms after which a listener is given up */

/*
 * While Redis is away, writers go on and their marks reach nobody.  When it is
 * back, nothing is trusted until all workers of all nodes must have found it
 * again, and whoever could not deliver a mark has begun a new epoch: longer
 * than the longest pause between two attempts to connect, and one attempt.
 */
#define DT_NODE_QUARANTINE  1500


typedef struct {
    dt_zone_t            *zone;
    ngx_str_t             name;
    ngx_str_t             slot;
    ngx_str_t             channel;       /* of this worker */
    ngx_str_t             beats;         /* of the node's first workers */
    ngx_uint_t            first;         /* hears marks for the node */

    ngx_event_t           timer;
    ngx_uint_t            listening;
    uint64_t              since;         /* the subscription stands */
    ngx_uint_t            joined;        /* nothing was missed before it */
    uint64_t              beat;          /* the last sent */
    uint64_t              unanswered;    /* the first of those not back */

    dt_redis_listener_t   listeners[3];

    u_char                name_text[17];
    u_char                slot_text[NGX_INT64_LEN];
    u_char                channel_text[64];
    u_char                beats_text[64];
} dt_node_t;


static void dt_node_timer_handler(ngx_event_t *ev);
static void dt_node_beat(uint64_t now);
static void dt_node_beat_sent(void *data, redisReply *reply);
static void dt_node_state(ngx_uint_t up);
static void dt_node_up(void);
static void dt_node_own_message(const char *payload, size_t len);
static void dt_node_beat_back(uint64_t at);
static ngx_uint_t dt_node_join(uint64_t now);
static void dt_node_message(const char *payload, size_t len);
static void dt_node_marked(char *p);
static void dt_node_acknowledge(const char *node, size_t node_len,
    const char *slot, size_t slot_len, const char *seq, size_t seq_len);
static size_t dt_node_word(char **p, char **word);


static dt_node_t  dt_node;


ngx_int_t
dt_node_init_worker(ngx_cycle_t *cycle, dt_zone_t *zone)
{
    ngx_uint_t  n;

    dt_node.zone = zone;
    dt_node.first = ngx_worker == 0;

    dt_node.name.data = dt_node.name_text;
    dt_node.name.len = ngx_sprintf(dt_node.name_text, "%016xL",
                                   dt_zone_node(zone))
                       - dt_node.name_text;

    dt_node.slot.data = dt_node.slot_text;
    dt_node.slot.len = ngx_sprintf(dt_node.slot_text, "%i", ngx_process_slot)
                       - dt_node.slot_text;

    dt_node.channel.data = dt_node.channel_text;
    dt_node.channel.len = ngx_sprintf(dt_node.channel_text,
                                      "devtalk:node:%V:%V%Z", &dt_node.name,
                                      &dt_node.slot)
                          - dt_node.channel_text - 1;

    dt_node.beats.data = dt_node.beats_text;
    dt_node.beats.len = ngx_sprintf(dt_node.beats_text, "devtalk:node:%V%Z",
                                    &dt_node.name)
                        - dt_node.beats_text - 1;

    if (dt_main_conf()->redis_port == 0) {
        return NGX_OK;
    }

    n = 0;

    if (dt_node.first) {
        dt_node.listeners[n].channel = "devtalk:marks";
        dt_node.listeners[n++].message = dt_node_message;
        dt_node.listeners[n].channel = (char *) dt_node.beats_text;
        dt_node.listeners[n++].message = dt_node_own_message;
    }

    dt_node.listeners[n].channel = (char *) dt_node.channel_text;
    dt_node.listeners[n++].message = dt_node_own_message;

    dt_node.timer.handler = dt_node_timer_handler;
    dt_node.timer.data = &dt_node;
    dt_node.timer.log = cycle->log;
    dt_node.timer.cancelable = 1;

    ngx_add_timer(&dt_node.timer, DT_NODE_BEAT);

    dt_script_init_worker(zone, dt_node_up);

    return dt_redis_listen(cycle, dt_node.listeners, n, dt_node_state);
}


dt_zone_t *
dt_node_zone(void)
{
    return dt_node.zone;
}


const ngx_str_t *
dt_node_name(void)
{
    return &dt_node.name;
}


const ngx_str_t *
dt_node_slot(void)
{
    return &dt_node.slot;
}


static void
dt_node_timer_handler(ngx_event_t *ev)
{
    uint64_t  now;

    now = dt_zone_now();

    dt_script_mend();

    if (dt_node.listening && dt_redis_up()) {

        if (dt_node.unanswered && now - dt_node.unanswered > DT_NODE_SILENCE) {
            ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                          "devtalk: Redis sends no messages, "
                          "listening anew");
            dt_node.unanswered = 0;
            dt_redis_listen_again();

        } else if (dt_node.first || now - dt_node.beat >= DT_NODE_SELF) {
            dt_node_beat(now);
        }
    }

    ngx_add_timer(ev, DT_NODE_BEAT);
}


static void
dt_node_beat(uint64_t now)
{
    size_t          len[3];
    u_char          payload[NGX_INT64_LEN + 3], lease[NGX_INT64_LEN];
    ngx_str_t       args[4];
    const char     *arg[3];
    dt_redis_op_t  *op;

    args[0] = dt_node.name;
    args[1].data = lease;
    args[1].len = ngx_sprintf(lease, "%d", DT_ZONE_LEASE + DT_ZONE_SLACK / 2)
                  - lease;
    args[2] = dt_node.first ? dt_node.beats : dt_node.channel;
    args[3].data = payload;
    args[3].len = ngx_sprintf(payload, "B %uL", now) - payload;

    if (dt_node.first) {
        op = dt_script_run(DT_SCRIPT_BEAT, 4, args, dt_node_beat_sent, NULL);

    } else {
        arg[0] = "PUBLISH";
        len[0] = sizeof("PUBLISH") - 1;
        arg[1] = (const char *) args[2].data;
        len[1] = args[2].len;
        arg[2] = (const char *) args[3].data;
        len[2] = args[3].len;

        op = dt_redis_command(3, arg, len, dt_node_beat_sent, NULL);
    }

    dt_node.beat = now;

    if (op && dt_node.unanswered == 0) {
        dt_node.unanswered = now;
    }
}


static void
dt_node_beat_sent(void *data, redisReply *reply)
{
    /* one that was not even sent says nothing about the listener */

    if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
        dt_node.unanswered = 0;
    }

    if (reply) {
        (void) dt_script_forgotten(reply);
    }
}


static void
dt_node_state(ngx_uint_t up)
{
    dt_node.listening = up;
    dt_node.joined = 0;
    dt_node.unanswered = 0;

    if (up) {
        dt_node.since = dt_zone_now();
        dt_node_up();
        return;
    }

    if (dt_node.first) {
        dt_zone_deaf(dt_node.zone);
    }
}


/* Of two connections: the later one to come up lets the first beat go.  An
 * old worker may leave 100 ms after its successor began. */

static void
dt_node_up(void)
{
    if (dt_node.listening && dt_redis_up()) {
        dt_node_beat(dt_zone_now());
    }
}


/* "B <ms>": a beat; "A <seq> <node>": an acknowledgement. */

static void
dt_node_own_message(const char *payload, size_t len)
{
    char      *p;
    uint64_t   seq;

    if (len < 3) {
        return;
    }

    if (payload[0] == 'B') {
        dt_node_beat_back(strtoull(payload + 2, NULL, 10));

    } else if (payload[0] == 'A') {
        seq = strtoull(payload + 2, &p, 10);
        dt_mark_acknowledged(seq, strtoull(p, NULL, 16));
    }
}


/* During a reload each of the two first workers gets the other's beats too,
 * so that the new one learns at once what the old one has heard. */

static void
dt_node_beat_back(uint64_t at)
{
    uint64_t  now;

    dt_node.unanswered = 0;

    /* sent before this subscription stood: says nothing about it */

    if (!dt_node.first || at < dt_node.since) {
        return;
    }

    now = dt_zone_now();

    if (now >= dt_zone_heard(dt_node.zone) + DT_ZONE_LEASE
        && ngx_current_msec - dt_redis_up_since() < DT_NODE_QUARANTINE)
    {
        return;
    }

    if (!dt_node.joined && !dt_node_join(now)) {
        return;
    }

    dt_zone_hear(dt_node.zone, at);
}


/*
 * Marks may have been missed before this subscription.  During a reload the
 * old worker still listens, and has heard all that came until a beat.  Nobody
 * heard for as long as the lease: the values must go.
 */

static ngx_uint_t
dt_node_join(uint64_t now)
{
    uint64_t  heard;

    heard = dt_zone_heard(dt_node.zone);

    if (heard < dt_node.since) {

        if (heard && now < heard + DT_ZONE_LEASE) {
            return 0;
        }

        dt_zone_drop(dt_node.zone);
    }

    dt_node.joined = 1;

    return 1;
}


/* "M <mark> <node> <slot> <seq> <marks>" of a writer; "E <epoch>": a new
 * epoch has begun. */

static void
dt_node_message(const char *payload, size_t len)
{
    if (len < 3) {
        return;
    }

    if (payload[0] == 'E') {
        dt_zone_drop(dt_node.zone);

    } else if (payload[0] == 'M') {
        dt_node_marked((char *) payload + 2);
    }
}


static void
dt_node_marked(char *p)
{
    char       *mark, *node, *slot, *seq;
    size_t      node_len, slot_len, seq_len;
    ngx_str_t   marks;

    if (dt_node_word(&p, &mark) == 0) {
        return;
    }

    node_len = dt_node_word(&p, &node);
    slot_len = dt_node_word(&p, &slot);
    seq_len = dt_node_word(&p, &seq);

    if (seq_len == 0) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "devtalk: a mark that cannot be read, "
                      "the zone is dropped");
        dt_zone_drop(dt_node.zone);
        return;
    }

    /* this node's own have been in the zone since before they were sent */

    if (node_len == dt_node.name.len
        && ngx_memcmp(node, dt_node.name.data, node_len) == 0)
    {
        return;
    }

    marks.data = (u_char *) p;
    marks.len = ngx_strlen(p);

    dt_zone_mark(dt_node.zone, &marks, strtoull(mark, NULL, 10),
                 dt_zone_now());

    if (seq[0] != '0') {
        dt_node_acknowledge(node, node_len, slot, slot_len, seq, seq_len);
    }
}


static void
dt_node_acknowledge(const char *node, size_t node_len, const char *slot,
    size_t slot_len, const char *seq, size_t seq_len)
{
    size_t       len[3];
    u_char       channel[128], payload[64];
    ngx_str_t    to_node, to_slot, number;
    const char  *arg[3];

    if (node_len > 32 || slot_len > 32 || seq_len > 32) {
        return;
    }

    to_node.data = (u_char *) node;
    to_node.len = node_len;
    to_slot.data = (u_char *) slot;
    to_slot.len = slot_len;
    number.data = (u_char *) seq;
    number.len = seq_len;

    arg[0] = "PUBLISH";
    len[0] = sizeof("PUBLISH") - 1;
    arg[1] = (const char *) channel;
    len[1] = ngx_sprintf(channel, "devtalk:node:%V:%V", &to_node, &to_slot)
             - channel;
    arg[2] = (const char *) payload;
    len[2] = ngx_sprintf(payload, "A %V %V", &number, &dt_node.name)
             - payload;

    /* if it does not get through, the writer waits for the lease instead */

    (void) dt_redis_command(3, arg, len, NULL, NULL);
}


/* Cuts a word off "p"; its length, 0: none. */

static size_t
dt_node_word(char **p, char **word)
{
    size_t  len;

    *word = *p;
    len = strcspn(*p, " ");
    *p += len;

    while (**p == ' ') {
        (*p)++;
    }

    return len;
}
