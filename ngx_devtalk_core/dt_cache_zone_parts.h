/*
 * Inside of the zone: shared by the files dt_cache_zone*.c only.  All of it
 * is touched under the lock of its slab pool, which nginx's master releases
 * when it finds the holder dead.
 */

#ifndef _DT_CACHE_ZONE_PARTS_H_INCLUDED_
#define _DT_CACHE_ZONE_PARTS_H_INCLUDED_


#include "dt_cache_zone.h"


#define DT_ZONE_SLOTS  1024            /* NGX_MAX_PROCESSES */


/* Freed when it is dead and its last reader has gone. */
typedef struct {
    ngx_uint_t          refs;
    ngx_uint_t          dead;          /* no entry has it */
    uint64_t            gen;
    uint64_t            checked;       /* zone->changes when it was good */
    uint64_t            expires;
    dt_value_cached_t   value;
    u_char              bytes[];
} dt_zone_block_t;


/* A key.  Without a value it lives until filler_until. */
typedef struct {
    ngx_str_node_t      sn;
    ngx_queue_t         queue;         /* zone->values or zone->empty */
    dt_zone_block_t    *block;
    uint64_t            filler;        /* ticket; 0: nobody */
    uint64_t            filler_until;
    uint64_t            nothing;       /* the last ticket without a value */
    uint64_t            used;
} dt_zone_entry_t;


typedef struct {
    ngx_str_node_t      sn;
    ngx_queue_t         queue;         /* zone->marks, the oldest last */
    uint64_t            mark;
    uint64_t            expires;
} dt_zone_mark_t;


/* A reader's hold on a block; in the queue of its process, so that a dead
 * one's holds can be found. */
struct dt_zone_pin_s {
    ngx_queue_t         queue;
    dt_zone_block_t    *block;
};


typedef struct {
    ngx_pid_t           pid;
    ngx_uint_t          npins;
    ngx_queue_t         pins;
} dt_zone_slot_t;


struct dt_zone_s {
    ngx_slab_pool_t    *pool;
    uint64_t            node;

    ngx_atomic_t        writing;       /* set while the lock is held: found
                                          set, its holder has died */
    ngx_uint_t          broken;        /* since then; waits for all pins */

    ngx_uint_t          alone;
    uint64_t            mark_ttl;
    uint64_t            lifetime;

    uint64_t            heard;
    uint64_t            lost;          /* marks undelivered so far ... */
    uint64_t            mended;        /* ... of which a new epoch made up */
    uint64_t            mending_until;

    uint64_t            gen;
    uint64_t            tickets;
    uint64_t            fills;
    uint64_t            changes;       /* of marks */

    uint64_t            floor;         /* a stamp must be above: stands for
                                          marks that had no room */
    uint64_t            floor_until;
    uint64_t            highest;       /* of all marks seen */

    ngx_rbtree_t        keys;
    ngx_rbtree_node_t   keys_sentinel;
    ngx_rbtree_t        deps;
    ngx_rbtree_node_t   deps_sentinel;

    ngx_queue_t         values;        /* the last used first */
    ngx_queue_t         empty;         /* by filler_until, the latest first */
    ngx_queue_t         marks;
    size_t              marks_size;

    dt_zone_slot_t      slots[DT_ZONE_SLOTS];
};


/* A broken zone must be left as it is: NGX_ERROR, but locked all the same. */
ngx_int_t dt_zone_lock(dt_zone_t *zone);
void dt_zone_unlock(dt_zone_t *zone);

/* Makes room at the cost of values; NULL: there are none left. */
void *dt_zone_alloc(dt_zone_t *zone, size_t size);

/* NULL: no room.  The block may have lost its entry ("dead"). */
dt_zone_pin_t *dt_zone_pin(dt_zone_t *zone, dt_zone_block_t *block);

/* The entry has it no more. */
void dt_zone_block_drop(dt_zone_t *zone, dt_zone_block_t *block);
void dt_zone_entry_free(dt_zone_t *zone, dt_zone_entry_t *entry);

ngx_uint_t dt_zone_trusted(const dt_zone_t *zone, uint64_t now);
ngx_uint_t dt_zone_good(dt_zone_t *zone, dt_zone_block_t *block, uint64_t now);
ngx_uint_t dt_zone_passes_locked(dt_zone_t *zone, const ngx_str_t *deps,
    uint64_t stamp, uint64_t now);

#define dt_zone_hash(name)  ngx_murmur_hash2((name)->data, (name)->len)


#endif /* _DT_CACHE_ZONE_PARTS_H_INCLUDED_ */
