/*
 * The zone's memory: its life, its lock, room, and pins.
 */

#include <ngx_config.h>

#include <sys/random.h>
#include <time.h>

#include "dt_cache_zone_parts.h"


/* Values given up for one allocation: they lie scattered, so that several
 * may have to go for one large one; but the lock must not be held long. */
#define DT_ZONE_EVICT  64


static void dt_zone_clear(dt_zone_t *zone);
static void dt_zone_rebuild(dt_zone_t *zone);
static ngx_uint_t dt_zone_slot_alive(const dt_zone_slot_t *slot);
static void dt_zone_slot_release(dt_zone_t *zone, dt_zone_slot_t *slot);
static void dt_zone_unref(dt_zone_t *zone, dt_zone_pin_t *pin);
static ngx_uint_t dt_zone_evict(dt_zone_t *zone);


/* This process's place in zone->slots. */
static ngx_uint_t  dt_zone_slot;


uint64_t
dt_zone_now(void)
{
    struct timespec  ts;

    /* not nginx's cached time: a worker that was stopped for a while must
     * see at once that the lease has ended */

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


ngx_int_t
dt_cache_zone_init(ngx_shm_zone_t *shm, void *data)
{
    dt_zone_t        *zone;
    ngx_slab_pool_t  *pool;

    pool = (ngx_slab_pool_t *) shm->shm.addr;

    if (data) {
        shm->data = data;
        return NGX_OK;
    }

    if (shm->shm.exists) {
        shm->data = pool->data;
        return NGX_OK;
    }

    zone = ngx_slab_calloc(pool, sizeof(dt_zone_t));
    if (zone == NULL) {
        return NGX_ERROR;
    }

    /* never 0, which would be "heard" of nobody */

    if (getrandom(&zone->node, sizeof(zone->node), 0)
        != (ssize_t) sizeof(zone->node))
    {
        ngx_log_error(NGX_LOG_EMERG, shm->shm.log, ngx_errno,
                      "getrandom() failed");
        return NGX_ERROR;
    }

    zone->node |= 1;
    zone->gen = 1;
    zone->pool = pool;
    dt_zone_clear(zone);

    pool->data = zone;
    shm->data = zone;

    return NGX_OK;
}


static void
dt_zone_clear(dt_zone_t *zone)
{
    ngx_uint_t  i;

    zone->pool->log_nomem = 0;

    ngx_rbtree_init(&zone->keys, &zone->keys_sentinel,
                    ngx_str_rbtree_insert_value);
    ngx_rbtree_init(&zone->deps, &zone->deps_sentinel,
                    ngx_str_rbtree_insert_value);

    ngx_queue_init(&zone->values);
    ngx_queue_init(&zone->empty);
    ngx_queue_init(&zone->marks);
    zone->marks_size = 0;

    for (i = 0; i < DT_ZONE_SLOTS; i++) {
        zone->slots[i].npins = 0;
        ngx_queue_init(&zone->slots[i].pins);
    }
}


ngx_int_t
dt_zone_lock(dt_zone_t *zone)
{
    ngx_shmtx_lock(&zone->pool->mutex);

    if (zone->writing) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "devtalk: a worker died inside the cache zone, "
                      "which begins anew");
        zone->broken = 1;
    }

    zone->writing = 1;
    ngx_memory_barrier();

    if (zone->broken) {
        dt_zone_rebuild(zone);
    }

    return zone->broken ? NGX_ERROR : NGX_OK;
}


void
dt_zone_unlock(dt_zone_t *zone)
{
    ngx_memory_barrier();
    zone->writing = 0;

    ngx_shmtx_unlock(&zone->pool->mutex);
}


/*
 * Trees and lists cannot be relied on after a death in the middle of them.
 * Readers may still be sending what they have pinned, hence all pins have to
 * be gone before the memory is given out again; a slot's count of them lies
 * outside of the lists.  The marks are lost: nothing older than the highest
 * of them is let in any more.
 */

static void
dt_zone_rebuild(dt_zone_t *zone)
{
    ngx_uint_t        i;
    dt_zone_t        *copy;
    ngx_slab_pool_t  *pool;

    for (i = 0; i < DT_ZONE_SLOTS; i++) {
        if (zone->slots[i].npins && dt_zone_slot_alive(&zone->slots[i])) {
            return;
        }
    }

    pool = zone->pool;

    copy = ngx_alloc(sizeof(dt_zone_t), ngx_cycle->log);
    if (copy == NULL) {
        return;
    }

    *copy = *zone;

    /* the first allocation of a fresh pool, as it was at the start */

    ngx_slab_init(pool);

    if (ngx_slab_alloc_locked(pool, sizeof(dt_zone_t)) != zone) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "devtalk: the cache zone cannot be rebuilt");
        ngx_free(copy);
        return;
    }

    *zone = *copy;
    ngx_free(copy);

    dt_zone_clear(zone);

    zone->gen++;
    zone->changes++;
    zone->floor = zone->highest;
    zone->floor_until = dt_zone_now() + zone->mark_ttl;
    zone->broken = 0;
}


static ngx_uint_t
dt_zone_slot_alive(const dt_zone_slot_t *slot)
{
    return slot->pid && kill(slot->pid, 0) == 0;
}


void
dt_zone_attach(dt_zone_t *zone, ngx_uint_t slot, ngx_msec_t lifetime,
    ngx_uint_t alone)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    rc = dt_zone_lock(zone);

    for (i = 0; i < DT_ZONE_SLOTS; i++) {

        if (zone->slots[i].pid == 0
            || (i != slot && dt_zone_slot_alive(&zone->slots[i])))
        {
            continue;
        }

        zone->slots[i].pid = 0;

        if (rc == NGX_OK) {
            dt_zone_slot_release(zone, &zone->slots[i]);
        }
    }

    dt_zone_slot = slot;
    zone->slots[slot].pid = ngx_pid;
    zone->slots[slot].npins = 0;
    zone->alone = alone;
    zone->lifetime = lifetime;
    zone->mark_ttl = ngx_max(DT_ZONE_MARK_TTL, 5 * (uint64_t) lifetime);

    dt_zone_unlock(zone);
}


static void
dt_zone_slot_release(dt_zone_t *zone, dt_zone_slot_t *slot)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&slot->pins)) {
        q = ngx_queue_head(&slot->pins);
        dt_zone_unref(zone, ngx_queue_data(q, dt_zone_pin_t, queue));
    }

    slot->npins = 0;
}


dt_zone_pin_t *
dt_zone_pin(dt_zone_t *zone, dt_zone_block_t *block)
{
    dt_zone_pin_t   *pin;
    dt_zone_slot_t  *slot;

    /* held before room is made, which may cost the block its entry */

    block->refs++;

    pin = dt_zone_alloc(zone, sizeof(dt_zone_pin_t));

    if (pin == NULL) {

        if (--block->refs == 0 && block->dead) {
            ngx_slab_free_locked(zone->pool, block);
        }

        return NULL;
    }

    slot = &zone->slots[dt_zone_slot];
    slot->npins++;
    ngx_queue_insert_head(&slot->pins, &pin->queue);

    pin->block = block;

    return pin;
}


void
dt_zone_unpin(dt_zone_t *zone, dt_zone_pin_t *pin)
{
    /* in a broken zone the pin itself is left alone; a rebuilt one has none
     * from before */

    if (dt_zone_lock(zone) == NGX_OK) {
        dt_zone_unref(zone, pin);
    }

    zone->slots[dt_zone_slot].npins--;

    dt_zone_unlock(zone);
}


static void
dt_zone_unref(dt_zone_t *zone, dt_zone_pin_t *pin)
{
    dt_zone_block_t  *block;

    block = pin->block;

    ngx_queue_remove(&pin->queue);
    ngx_slab_free_locked(zone->pool, pin);

    if (--block->refs == 0 && block->dead) {
        ngx_slab_free_locked(zone->pool, block);
    }
}


void
dt_zone_block_drop(dt_zone_t *zone, dt_zone_block_t *block)
{
    block->dead = 1;

    if (block->refs == 0) {
        ngx_slab_free_locked(zone->pool, block);
    }
}


void
dt_zone_entry_free(dt_zone_t *zone, dt_zone_entry_t *entry)
{
    if (entry->block) {
        dt_zone_block_drop(zone, entry->block);
    }

    ngx_queue_remove(&entry->queue);
    ngx_rbtree_delete(&zone->keys, &entry->sn.node);
    ngx_slab_free_locked(zone->pool, entry);
}


void *
dt_zone_alloc(dt_zone_t *zone, size_t size)
{
    void        *p;
    ngx_uint_t   i;

    for (i = 0; i < DT_ZONE_EVICT; i++) {

        p = ngx_slab_alloc_locked(zone->pool, size);

        if (p) {
            return p;
        }

        if (!dt_zone_evict(zone)) {
            break;
        }
    }

    return NULL;
}


static ngx_uint_t
dt_zone_evict(dt_zone_t *zone)
{
    ngx_queue_t  *q;

    if (ngx_queue_empty(&zone->values)) {
        return 0;
    }

    q = ngx_queue_last(&zone->values);
    dt_zone_entry_free(zone, ngx_queue_data(q, dt_zone_entry_t, queue));

    return 1;
}


uint64_t
dt_zone_node(const dt_zone_t *zone)
{
    return zone->node;
}


uint64_t
dt_zone_mark_ttl(const dt_zone_t *zone)
{
    return zone->mark_ttl;
}
