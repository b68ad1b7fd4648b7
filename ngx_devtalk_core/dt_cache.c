/*
 * The cache's steps for readers: fetch and fill.
 */

#include "dt_cache_node.h"
#include "dt_cache_redis.h"
#include "dt_cache_script.h"
#include "dt_core.h"


#define DT_FETCH_TICK     2          /* ms */
#define DT_FETCH_SLOW     10         /* ms, what a waiter's pace falls to */
#define DT_FETCH_BUSY     2048       /* commands out: leave Redis alone */
#define DT_CACHE_BIGGEST  (512 * 1024)


/* A call on its way from dt_cache_fetch to dt_cache_fill; in its pool. */
struct dt_fetch_s {
    dt_call_t           *call;
    ngx_str_t            key;
    dt_redis_op_t       *op;         /* the question to Redis */

    ngx_queue_t          queue;      /* of those who wait */
    unsigned             waiting:1;
    unsigned             old:1;      /* the zone has a value past its time */
    uint64_t             started;
    uint64_t             look_at;
    uint64_t             pace;
    uint64_t             fills;      /* of the zone before the last look */

    uint64_t             waited;     /* ticket of the filler waited for */
    uint64_t             ticket;     /* this call's own */
    uint64_t             gen;

    dt_epoch_t           asked;      /* in which Redis is asked */
    dt_epoch_t           epoch;      /* in which the value is read */
    ngx_str_t            block;      /* from Redis, in the call's pool */

    dt_zone_pin_t       *pin;
    dt_value_cached_t    value;
};


static ngx_int_t dt_fetch_look(dt_fetch_t *fetch);
static ngx_int_t dt_fetch_wait(dt_fetch_t *fetch, uint64_t now);
static void dt_fetch_tick(ngx_event_t *ev);
static ngx_int_t dt_fetch_ask(dt_fetch_t *fetch);
static void dt_fetch_answered(void *data, redisReply *reply);
static ngx_int_t dt_fetch_take(dt_fetch_t *fetch, redisReply *reply);
static ngx_int_t dt_fetch_unpack(dt_fetch_t *fetch, const ngx_str_t *block);
static void dt_fetch_marked(void *data, redisReply *reply);
static ngx_int_t dt_fetch_keep(dt_fetch_t *fetch, const redisReply *marks);
static ngx_int_t dt_fetch_miss(dt_fetch_t *fetch);
static void dt_fetch_hit(dt_fetch_t *fetch, dt_counter_e counter);
static ngx_uint_t dt_fetch_alone(const dt_fetch_t *fetch);
static ngx_uint_t dt_fetch_old(dt_fetch_t *fetch);
static void dt_fetch_done(dt_fetch_t *fetch, ngx_uint_t nothing);
static void dt_fetch_gone(void *data);


static ngx_queue_t  dt_fetch_waiters;
static ngx_event_t  dt_fetch_timer;


ngx_int_t
dt_cache_init_worker(ngx_cycle_t *cycle)
{
    dt_zone_t             *zone;
    const dt_main_conf_t  *conf;

    conf = dt_main_conf();

    if (conf->cache_zone == NULL) {
        return NGX_OK;
    }

    zone = conf->cache_zone->data;

    dt_zone_attach(zone, ngx_process_slot, conf->cache_lifetime * 1000,
                   conf->redis_port == 0);

    ngx_queue_init(&dt_fetch_waiters);
    dt_fetch_timer.handler = dt_fetch_tick;
    dt_fetch_timer.log = cycle->log;
    dt_fetch_timer.data = &dt_fetch_waiters;

    return dt_node_init_worker(cycle, zone);
}


ngx_int_t
dt_cache_fetch(dt_call_t *call)
{
    dt_fetch_t  *fetch;

    call->cached = NULL;
    call->fetch = NULL;

    if (dt_node_zone() == NULL || call->cache_key.len == 0) {
        return DT_NEXT;
    }

    fetch = ngx_pcalloc(call->pool, sizeof(dt_fetch_t));

    if (fetch == NULL || dt_call_cleanup(call, dt_fetch_gone, fetch) == NULL) {
        return DT_NEXT;
    }

    call->fetch = fetch;

    fetch->call = call;
    fetch->key = call->cache_key;
    fetch->started = dt_zone_now();

    return dt_fetch_look(fetch);
}


static ngx_int_t
dt_fetch_look(dt_fetch_t *fetch)
{
    uint64_t         now;
    dt_zone_look_t   look;
    dt_zone_look_e   found;

    now = dt_zone_now();
    fetch->fills = dt_zone_fills(dt_node_zone());

    found = dt_zone_look(dt_node_zone(), &fetch->key,
                         fetch->waited, now, &look);
    fetch->gen = look.gen;

    switch (found) {

    case DT_ZONE_HIT:
        fetch->pin = look.pin;
        fetch->value = look.value;
        dt_fetch_hit(fetch, DT_M_CACHE_ZONE_HIT);
        return DT_NEXT;

    case DT_ZONE_WAIT:
        fetch->waited = look.ticket;

        return now - fetch->started < DT_ZONE_FILLER
               ? dt_fetch_wait(fetch, now) : dt_fetch_miss(fetch);

    case DT_ZONE_FILL:
        fetch->ticket = look.ticket;
        fetch->old = look.old;

        return look.old && dt_fetch_alone(fetch) && dt_fetch_old(fetch)
               ? DT_NEXT : dt_fetch_ask(fetch);

    default:
        /* who waited for nothing knows that Redis has nothing either */

        return fetch->waited ? dt_fetch_miss(fetch) : dt_fetch_ask(fetch);
    }
}


static ngx_int_t
dt_fetch_wait(dt_fetch_t *fetch, uint64_t now)
{
    fetch->pace = fetch->pace ? ngx_min(fetch->pace + 1, DT_FETCH_SLOW)
                              : DT_FETCH_TICK;
    fetch->look_at = now + fetch->pace;
    fetch->waiting = 1;

    ngx_queue_insert_tail(&dt_fetch_waiters, &fetch->queue);

    /* not cancelable: it also keeps a leaving worker until they are served */

    if (!dt_fetch_timer.timer_set) {
        ngx_add_timer(&dt_fetch_timer, DT_FETCH_TICK);
    }

    return DT_PARKED;
}


static void
dt_fetch_tick(ngx_event_t *ev)
{
    uint64_t      now, fills;
    ngx_queue_t   waiters, *q;
    dt_fetch_t   *fetch;

    if (ngx_queue_empty(&dt_fetch_waiters)) {
        return;
    }

    now = dt_zone_now();
    fills = dt_zone_fills(dt_node_zone());

    /* a resumed call may end, and its cleanup takes it out of whichever
     * queue it is in; who has to wait on goes into the global one */

    ngx_queue_init(&waiters);
    ngx_queue_add(&waiters, &dt_fetch_waiters);
    ngx_queue_init(&dt_fetch_waiters);

    while (!ngx_queue_empty(&waiters)) {
        q = ngx_queue_head(&waiters);
        fetch = ngx_queue_data(q, dt_fetch_t, queue);

        ngx_queue_remove(q);

        if (now - fetch->started < DT_ZONE_FILLER
            && (now < fetch->look_at || fills == fetch->fills))
        {
            ngx_queue_insert_tail(&dt_fetch_waiters, q);
            continue;
        }

        fetch->waiting = 0;

        if (dt_fetch_look(fetch) == DT_NEXT) {
            dt_call_resume(fetch->call);
        }
    }

    if (!ngx_queue_empty(&dt_fetch_waiters) && !ev->timer_set) {
        ngx_add_timer(ev, DT_FETCH_TICK);
    }
}


static ngx_int_t
dt_fetch_ask(dt_fetch_t *fetch)
{
    /* no generation: the node is not trusted to know what others wrote, and
     * Redis may lack marks for the same reason */

    if (fetch->gen && dt_redis_pending() < DT_FETCH_BUSY) {
        fetch->op = dt_cache_redis_value(&fetch->key, &fetch->asked,
                                         dt_fetch_answered, fetch);
    }

    return fetch->op ? DT_PARKED : dt_fetch_miss(fetch);
}


static void
dt_fetch_answered(void *data, redisReply *reply)
{
    dt_fetch_t *fetch = data;

    fetch->op = NULL;

    if (reply && dt_fetch_take(fetch, reply) == NGX_OK) {
        fetch->op = dt_cache_redis_marks(&fetch->epoch, &fetch->value.deps,
                                         dt_fetch_marked, fetch);
        if (fetch->op) {
            return;
        }
    }

    (void) dt_fetch_miss(fetch);

    dt_call_resume(fetch->call);
}


/* NGX_OK: there is a value; its marks decide. */

static ngx_int_t
dt_fetch_take(dt_fetch_t *fetch, redisReply *reply)
{
    dt_zone_t  *zone;
    ngx_str_t   block;

    zone = dt_node_zone();

    if (dt_cache_redis_block(reply, &fetch->asked, &fetch->epoch, &block)
        != NGX_OK)
    {

        /* a new epoch must begin */

        if (!dt_zone_lost(zone)) {
            dt_zone_lose(zone);
            dt_script_mend();
        }

        return NGX_DECLINED;
    }

    return block.len ? dt_fetch_unpack(fetch, &block) : NGX_DECLINED;
}


static ngx_int_t
dt_fetch_unpack(dt_fetch_t *fetch, const ngx_str_t *block)
{
    fetch->block.data = ngx_palloc(fetch->call->pool, block->len);
    if (fetch->block.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(fetch->block.data, block->data, block->len);
    fetch->block.len = block->len;

    if (dt_value_unpack(fetch->block.data, block->len, &fetch->value)
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, fetch->call->request->connection->log, 0,
                      "devtalk: a damaged value in Redis: \"%V\"",
                      &fetch->key);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
dt_fetch_marked(void *data, redisReply *reply)
{
    dt_fetch_t *fetch = data;

    fetch->op = NULL;

    if (reply && dt_fetch_keep(fetch, reply) == NGX_OK) {
        dt_fetch_hit(fetch, DT_M_CACHE_REDIS_HIT);

    } else {
        (void) dt_fetch_miss(fetch);
    }

    dt_call_resume(fetch->call);
}


static ngx_int_t
dt_fetch_keep(dt_fetch_t *fetch, const redisReply *marks)
{
    uint64_t            now;
    dt_zone_t          *zone;
    dt_value_cached_t  *value;

    now = dt_zone_now();
    zone = dt_node_zone();
    value = &fetch->value;

    if (!dt_cache_redis_unmarked(marks, &fetch->epoch, value->stamp)
        || !dt_zone_passes(zone, &value->deps, value->stamp, now))
    {
        dt_count(DT_M_CACHE_REFUSED, 1);
        return NGX_DECLINED;
    }

    (void) dt_zone_put(zone, &fetch->key, fetch->block.data,
                       fetch->block.len, fetch->gen, now);
    dt_fetch_done(fetch, 0);

    return NGX_OK;
}


static ngx_int_t
dt_fetch_miss(dt_fetch_t *fetch)
{
    dt_count(DT_M_CACHE_MISS, 1);

    return DT_NEXT;
}


static void
dt_fetch_hit(dt_fetch_t *fetch, dt_counter_e counter)
{
    fetch->call->cached = &fetch->value;
    dt_call_skip(fetch->call, dt_cache_fill);

    dt_count(counter, 1);
}


ngx_int_t
dt_cache_fill(dt_call_t *call)
{
    size_t       size;
    u_char      *block;
    ngx_int_t    rc;
    dt_fetch_t  *fetch;

    fetch = call->fetch;

    if (fetch == NULL) {
        return DT_NEXT;
    }

    fetch->old = 0;

    size = call->cached && call->cached->stamp
           ? dt_value_pack(call->cached, NULL) : 0;

    if (size == 0 || size > DT_CACHE_BIGGEST) {
        dt_fetch_done(fetch, 1);
        return DT_NEXT;
    }

    block = ngx_palloc(call->pool, size);
    if (block == NULL) {
        dt_fetch_done(fetch, 1);
        return DT_NEXT;
    }

    (void) dt_value_pack(call->cached, block);

    rc = dt_zone_put(dt_node_zone(), &fetch->key, block, size, fetch->gen,
                     dt_zone_now());

    /* those who waited for one that a mark has overtaken get another */

    dt_fetch_done(fetch, rc == NGX_ERROR);

    if (rc == NGX_DECLINED) {
        dt_count(DT_M_CACHE_REFUSED, 1);
        return DT_NEXT;
    }

    if (rc == NGX_OK) {
        dt_count(DT_M_CACHE_FILLED, 1);
    }

    if (fetch->epoch.len
        && dt_redis_pending() < DT_FETCH_BUSY
        && !dt_zone_lost(dt_node_zone()))
    {
        dt_cache_redis_fill(&fetch->epoch, &fetch->key, block, size);
    }

    return DT_NEXT;
}


/* No connection to PostgreSQL stands: not worth to wait for one. */

static ngx_uint_t
dt_fetch_alone(const dt_fetch_t *fetch)
{
    dt_pg_stat_t  stat;

    dt_pg_stat(dt_service_pool(fetch->call->match.service), &stat);

    return stat.ready == 0;
}


/* 1: the call has the value that is past its lifetime. */

static ngx_uint_t
dt_fetch_old(dt_fetch_t *fetch)
{
    uint64_t         now;
    dt_zone_look_t   look;
    dt_zone_look_e   found;

    now = dt_zone_now();
    fetch->old = 0;

    dt_fetch_done(fetch, 1);
    dt_zone_renew(dt_node_zone(), &fetch->key, now);

    found = dt_zone_look(dt_node_zone(), &fetch->key, 0, now, &look);
    fetch->gen = look.gen;

    if (found != DT_ZONE_HIT) {
        fetch->ticket = found == DT_ZONE_FILL ? look.ticket : 0;
        return 0;
    }

    fetch->pin = look.pin;
    fetch->value = look.value;
    dt_fetch_hit(fetch, DT_M_CACHE_ZONE_HIT);

    return 1;
}


ngx_uint_t
dt_cache_rescue(dt_call_t *call)
{
    dt_fetch_t  *fetch;

    fetch = call->fetch;

    if (call->error != DT_UNAVAILABLE || fetch == NULL || !fetch->old
        || !dt_fetch_old(fetch))
    {
        return 0;
    }

    call->error = DT_NO_ERROR;

    return 1;
}


static void
dt_fetch_done(dt_fetch_t *fetch, ngx_uint_t nothing)
{
    if (fetch->ticket) {
        dt_zone_done(dt_node_zone(), &fetch->key, fetch->ticket,
                     nothing, dt_zone_now());
        fetch->ticket = 0;
    }
}


/* The call's pool goes: whatever the fetch still holds is given back. */

static void
dt_fetch_gone(void *data)
{
    dt_fetch_t *fetch = data;

    if (fetch->op) {
        dt_redis_forget(fetch->op);
    }

    if (fetch->waiting) {
        ngx_queue_remove(&fetch->queue);
    }

    dt_fetch_done(fetch, 1);

    if (fetch->pin) {
        dt_zone_unpin(dt_node_zone(), fetch->pin);
    }
}
