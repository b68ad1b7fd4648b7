/*
 * The two-level cache: a zone of shared memory on the node, Redis behind it.
 *
 * Coherence.  A value carries the stamp of the snapshot it was read in
 * (pg_snapshot_xmin(pg_current_snapshot())) and the names of what it was made
 * from, its dependencies ("a:17", "u:5", "front").  A committed write marks
 * the dependencies it changed with its transaction id
 * (pg_current_xact_id()).  A value is good only while stamp > mark for each
 * of its dependencies: every transaction below xmin had ended, so the
 * snapshot saw the write.  A slow reader's old value is thus refused however
 * late it comes, for single rows, for lists, and for foreign rows alike.
 *
 * Once dt_cache_mark() has resumed its call, no node serves a value older
 * than the mark: each node acknowledges it, or has stopped trusting its zone
 * because it no longer hears from Redis (its lease ended).  The one hole: a
 * node that alone is cut off from Redis, for longer than a lease, cannot tell
 * the others; the relay publishes its marks again from wherever it runs.
 */

#ifndef _DT_CACHE_H_INCLUDED_
#define _DT_CACHE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_route.h"


#define DT_CACHE_KEY    1024     /* longest key */
#define DT_CACHE_DEPS   4
#define DT_CACHE_DEP    64       /* longest name of a dependency */
#define DT_CACHE_SLOTS  256


/*
 * A place in the body where the shared value has the word "false" and a
 * signed-in reader may have to see "true".
 */
typedef enum {
    DT_SLOT_FAVORITED = 1,       /* id: of the article */
    DT_SLOT_FOLLOWING            /* id: of the author */
} dt_slot_e;

typedef struct {
    int64_t    id;
    uint32_t   offset;           /* of the 'f' in body */
    uint32_t   kind;             /* dt_slot_e */
} dt_slot_t;


typedef struct {
    uint64_t     stamp;
    ngx_str_t    etag;           /* without quotes */
    ngx_str_t    next;           /* keyset position behind a list's last
                                    row (dt_query.h), or empty */
    ngx_str_t    body;
    ngx_str_t    deps;           /* "a:17 u:5", at most DT_CACHE_DEPS */
    dt_slot_t   *slots;          /* in order of offset */
    ngx_uint_t   nslots;
} dt_value_cached_t;


/*
 * One block of memory for the zone and for Redis: dt_value_pack() returns its
 * size if "out" is NULL (0: too many slots, or too large to be kept).
 * dt_value_unpack() makes "value" point into the block, copies nothing, and
 * refuses a damaged one with NGX_ERROR.  The block must be aligned to 8
 * bytes.  Pure.
 */
size_t dt_value_pack(const dt_value_cached_t *value, u_char *out);
ngx_int_t dt_value_unpack(const u_char *block, size_t size,
    dt_value_cached_t *value);


/*
 * Steps.  A step of the service before sets call->cache_key ("article:slug");
 * while it is empty, fetch and fill do nothing and go on.
 *
 * dt_cache_fetch  looks into the zone, then Redis.  A hit sets call->cached
 *                 and goes on behind dt_cache_fill (it skips the steps
 *                 between).  On a miss one caller at a time goes on to the
 *                 next step; others wait, at most 250 ms, for its value.
 * dt_cache_fill   takes call->cached as the steps between have set it (body
 *                 etc. in the call's pool; NULL: nothing to keep) and stores
 *                 it in both levels if its stamp allows; never parks.
 *                 When PostgreSQL is away and the zone has a value past its
 *                 lifetime, that is taken, and the call goes on behind it.
 * dt_cache_mark   takes call->marks ("a:17 front"; empty: nothing) and
 *                 call->mark (the transaction id), marks zone and Redis and
 *                 parks until every node knows (see above), at most 1.2 s.
 *                 With Redis away it goes on at once, but not before all
 *                 leases must have ended, 1.7 s after Redis was lost: then
 *                 no node trusts its zone.
 */
ngx_int_t dt_cache_fetch(dt_call_t *call);
ngx_int_t dt_cache_fill(dt_call_t *call);
ngx_int_t dt_cache_mark(dt_call_t *call);

/* dt_cache_mark for consumers and the relay: best effort, no waiting. */
void dt_cache_mark_now(const ngx_str_t *marks, uint64_t mark);

/* For dt_call.c: the call has failed.  1: it stood between fetch and fill,
 * its error is gone, and it goes on behind the step that it is at now. */
ngx_uint_t dt_cache_rescue(dt_call_t *call);


/* For core's init_process. */
ngx_int_t dt_cache_init_worker(ngx_cycle_t *cycle);


#endif /* _DT_CACHE_H_INCLUDED_ */
