/*
 * A writer's marks: into the zone, to Redis, and the wait for the other
 * nodes.
 */

#include "dt_cache_node.h"
#include "dt_cache_script.h"
#include "dt_core.h"


/* Beyond so many nodes a mark waits for the lease to end, as for a silent
 * one. */
#define DT_MARK_NODES  64

#define DT_MARK_WAIT   (DT_ZONE_LEASE + DT_ZONE_SLACK)

/* With Redis away: who comes back to it while somebody's lease still runs is
 * not quarantined, and must have been told of a new epoch by then. */
#define DT_MARK_AWAY   (DT_MARK_WAIT + 500)


typedef struct {
    ngx_rbtree_node_t     node;        /* key: seq */
    dt_call_t            *call;        /* NULL: nobody waits (any more) */
    ngx_pool_cleanup_t   *cleanup;     /* of the call */
    ngx_event_t           timer;

    unsigned              answered:1;  /* no reply of Redis is to come */
    unsigned              again:1;     /* sent a second time */

    uint64_t              until;       /* dt_zone_now(): not before */
    ngx_uint_t            needed_n;
    ngx_uint_t            heard_n;
    uint64_t              needed[DT_MARK_NODES];
    uint64_t              heard[DT_MARK_NODES];

    uint64_t              mark;
    ngx_str_t             marks;
    u_char                text[];
} dt_mark_t;


static dt_mark_t *dt_mark_create(const ngx_str_t *marks, uint64_t mark);
static ngx_int_t dt_mark_send(dt_mark_t *m);
static void dt_mark_sent(void *data, redisReply *reply);
static ngx_int_t dt_mark_read(dt_mark_t *m, const redisReply *reply);
static void dt_mark_lost(dt_mark_t *m, ngx_msec_t wait);
static ngx_msec_t dt_mark_away(void);
static ngx_msec_t dt_mark_refused(const redisReply *reply);
static void dt_mark_check(dt_mark_t *m);
static ngx_uint_t dt_mark_complete(const dt_mark_t *m);
static ngx_uint_t dt_mark_listed(const uint64_t *nodes, ngx_uint_t n,
    uint64_t node);
static void dt_mark_timer_handler(ngx_event_t *ev);
static void dt_mark_call_gone(void *data);
static void dt_mark_finish(dt_mark_t *m);
static void dt_mark_destroy(dt_mark_t *m);


static ngx_rbtree_t       dt_marks;
static ngx_rbtree_node_t  dt_marks_sentinel;
static uint64_t           dt_marks_seq;
static uint64_t           dt_marks_refused;   /* since when; 0: not now */


ngx_int_t
dt_cache_mark(dt_call_t *call)
{
    dt_mark_t  *m;
    dt_zone_t  *zone;

    zone = dt_node_zone();

    if (zone == NULL || call->marks.len == 0) {
        return DT_NEXT;
    }

    dt_zone_mark(zone, &call->marks, call->mark, dt_zone_now());
    dt_count(DT_M_CACHE_MARKS, 1);

    if (dt_main_conf()->redis_port == 0) {
        return DT_NEXT;
    }

    m = dt_mark_create(&call->marks, call->mark);

    if (m == NULL) {
        dt_zone_lose(zone);
        return DT_NEXT;
    }

    m->cleanup = dt_call_cleanup(call, dt_mark_call_gone, m);

    if (m->cleanup) {
        m->call = call;
    }

    if (dt_mark_send(m) == NGX_OK) {
        return m->call ? DT_PARKED : DT_NEXT;
    }

    dt_zone_lose(zone);

    if (m->call && dt_mark_away() > 0) {
        m->answered = 1;
        ngx_add_timer(&m->timer, dt_mark_away());
        return DT_PARKED;
    }

    dt_mark_destroy(m);

    return DT_NEXT;
}


void
dt_cache_mark_now(const ngx_str_t *marks, uint64_t mark)
{
    dt_mark_t  *m;
    dt_zone_t  *zone;

    zone = dt_node_zone();

    if (zone == NULL || marks->len == 0) {
        return;
    }

    dt_zone_mark(zone, marks, mark, dt_zone_now());
    dt_count(DT_M_CACHE_MARKS, 1);

    if (dt_main_conf()->redis_port == 0) {
        return;
    }

    m = dt_mark_create(marks, mark);

    if (m == NULL || dt_mark_send(m) != NGX_OK) {
        dt_zone_lose(zone);

        if (m) {
            dt_mark_destroy(m);
        }
    }
}


static dt_mark_t *
dt_mark_create(const ngx_str_t *marks, uint64_t mark)
{
    dt_mark_t  *m;

    m = ngx_calloc(sizeof(dt_mark_t) + marks->len, ngx_cycle->log);
    if (m == NULL) {
        return NULL;
    }

    if (dt_marks_seq == 0) {
        ngx_rbtree_init(&dt_marks, &dt_marks_sentinel,
                        ngx_rbtree_insert_value);

        /* not those of a worker that died in this slot */

        dt_marks_seq = (uint64_t) ngx_random() << 31 | 1;
    }

    m->mark = mark;
    m->marks.data = m->text;
    m->marks.len = marks->len;
    ngx_memcpy(m->text, marks->data, marks->len);

    m->timer.handler = dt_mark_timer_handler;
    m->timer.data = m;
    m->timer.log = ngx_cycle->log;

    m->node.key = dt_marks_seq++;
    ngx_rbtree_insert(&dt_marks, &m->node);

    return m;
}


static ngx_int_t
dt_mark_send(dt_mark_t *m)
{
    u_char     mark[32], ttl[32], seq[32], wait[32];
    ngx_str_t  args[7];

    args[0].data = mark;
    args[0].len = ngx_sprintf(mark, "%020uL", m->mark) - mark;
    args[1].data = ttl;
    args[1].len = ngx_sprintf(ttl, "%uL", dt_zone_mark_ttl(dt_node_zone()))
                  - ttl;
    args[2] = m->marks;
    args[3] = *dt_node_name();
    args[4] = *dt_node_slot();
    args[5].data = seq;
    args[5].len = ngx_sprintf(seq, "%uL",
                              m->call ? (uint64_t) m->node.key : 0)
                  - seq;
    args[6].data = wait;
    args[6].len = ngx_sprintf(wait, "%d", DT_MARK_WAIT) - wait;

    return dt_script_run(DT_SCRIPT_MARK, 7, args, dt_mark_sent, m) ? NGX_OK
                                                                   : NGX_ERROR;
}


static void
dt_mark_sent(void *data, redisReply *reply)
{
    dt_mark_t *m = data;

    if (reply == NULL) {
        dt_mark_lost(m, dt_mark_away());
        return;
    }

    if (dt_script_forgotten(reply) && !m->again) {
        m->again = 1;

        if (dt_mark_send(m) == NGX_OK) {
            return;
        }
    }

    if (dt_mark_read(m, reply) != NGX_OK) {
        dt_mark_lost(m, dt_mark_refused(reply));
        return;
    }

    m->answered = 1;
    dt_marks_refused = 0;

    dt_mark_check(m);
}


/* {epoch, wait, node, ...} */

static ngx_int_t
dt_mark_read(dt_mark_t *m, const redisReply *reply)
{
    ngx_uint_t    i;
    redisReply  **part;

    part = reply->element;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2
        || part[0]->type != REDIS_REPLY_STRING || part[0]->len == 0
        || part[1]->type != REDIS_REPLY_INTEGER)
    {
        return NGX_ERROR;
    }

    m->until = dt_zone_now() + part[1]->integer;

    if (reply->elements - 2 > DT_MARK_NODES) {
        m->until = dt_zone_now() + DT_MARK_WAIT;
        return NGX_OK;
    }

    for (i = 2; i < reply->elements; i++) {
        if (part[i]->type == REDIS_REPLY_STRING) {
            m->needed[m->needed_n++] = strtoull(part[i]->str, NULL, 16);
        }
    }

    return NGX_OK;
}


/*
 * Redis lacks the mark.  Who trusts a zone has heard from Redis before now,
 * and stops to when the lease has ended; until then the call waits.
 */

static void
dt_mark_lost(dt_mark_t *m, ngx_msec_t wait)
{
    dt_zone_lose(dt_node_zone());
    dt_script_mend();

    m->answered = 1;
    m->until = dt_zone_now() + wait;

    dt_mark_check(m);
}


/* How long others may still trust what they heard before Redis went away. */

static ngx_msec_t
dt_mark_away(void)
{
    ngx_msec_t  gone;

    /* it is this worker alone that cannot reach Redis */

    if (dt_redis_up()
        || dt_zone_now() < dt_zone_heard(dt_node_zone()) + DT_ZONE_LEASE)
    {
        return DT_MARK_AWAY;
    }

    gone = ngx_current_msec - dt_redis_away_since();

    return gone < DT_MARK_AWAY ? DT_MARK_AWAY - gone : 0;
}


/* A Redis that takes no writes (full, read-only) takes no beats either: before
 * long, nobody trusts a zone. */

static ngx_msec_t
dt_mark_refused(const redisReply *reply)
{
    uint64_t  now;

    now = dt_zone_now();

    if (dt_marks_refused == 0) {
        dt_marks_refused = now;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "devtalk: Redis does not keep marks: %s",
                      reply->type == REDIS_REPLY_ERROR ? reply->str
                                                       : "no epoch");
    }

    return now < dt_marks_refused + DT_MARK_AWAY
           ? dt_marks_refused + DT_MARK_AWAY - now : 0;
}


void
dt_mark_acknowledged(uint64_t seq, uint64_t node)
{
    dt_mark_t          *m;
    ngx_rbtree_node_t  *n;

    n = dt_marks.root;

    while (n && n != &dt_marks_sentinel && n->key != seq) {
        n = seq < n->key ? n->left : n->right;
    }

    if (n == NULL || n == &dt_marks_sentinel) {
        return;
    }

    m = (dt_mark_t *) n;

    /* it may come before the list of those it is needed from */

    if (m->heard_n < DT_MARK_NODES
        && !dt_mark_listed(m->heard, m->heard_n, node))
    {
        m->heard[m->heard_n++] = node;
    }

    if (m->answered) {
        dt_mark_check(m);
    }
}


static void
dt_mark_check(dt_mark_t *m)
{
    uint64_t  now;

    now = dt_zone_now();

    if (m->call == NULL || (dt_mark_complete(m) && now >= m->until)) {
        dt_mark_finish(m);
        return;
    }

    if (!m->timer.timer_set) {
        ngx_add_timer(&m->timer, dt_mark_complete(m) ? m->until - now
                                                     : DT_MARK_WAIT);
    }
}


static ngx_uint_t
dt_mark_complete(const dt_mark_t *m)
{
    ngx_uint_t  i;

    for (i = 0; i < m->needed_n; i++) {
        if (!dt_mark_listed(m->heard, m->heard_n, m->needed[i])) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
dt_mark_listed(const uint64_t *nodes, ngx_uint_t n, uint64_t node)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (nodes[i] == node) {
            return 1;
        }
    }

    return 0;
}


static void
dt_mark_timer_handler(ngx_event_t *ev)
{
    dt_mark_t *m = ev->data;

    if (!dt_mark_complete(m)) {
        dt_count(DT_M_CACHE_MARK_LATE, 1);
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "devtalk: a node did not acknowledge a mark in time");
    }

    dt_mark_finish(m);
}


static void
dt_mark_call_gone(void *data)
{
    dt_mark_t *m = data;

    m->call = NULL;

    if (m->answered) {
        dt_mark_destroy(m);
    }
}


static void
dt_mark_finish(dt_mark_t *m)
{
    dt_call_t  *call;

    call = m->call;

    dt_mark_destroy(m);

    if (call) {
        dt_call_resume(call);
    }
}


static void
dt_mark_destroy(dt_mark_t *m)
{
    if (m->call) {
        m->cleanup->handler = NULL;
    }

    if (m->timer.timer_set) {
        ngx_del_timer(&m->timer);
    }

    ngx_rbtree_delete(&dt_marks, &m->node);
    ngx_free(m);
}
