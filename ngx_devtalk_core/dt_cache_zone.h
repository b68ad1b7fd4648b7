/*
 * The zone: the node's level of the cache, in shared memory.
 *
 * It keeps values (least recently used go first), marks (for ten minutes,
 * longer than any reader's way) and what the node knows about itself.  A
 * value is served only while the zone is trusted: a listener has heard from
 * Redis within the lease, and no mark of this node is undelivered.
 *
 * "now" is dt_zone_now() everywhere: ms of the machine's clock that only goes
 * forward, the same in all workers.
 */

#ifndef _DT_CACHE_ZONE_H_INCLUDED_
#define _DT_CACHE_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_cache.h"


#define DT_ZONE_LEASE      1000    /* ms */
#define DT_ZONE_SLACK      200     /* by which others outwait it */
#define DT_ZONE_FILLER     250     /* ms a filler has, and others wait */
#define DT_ZONE_MARK_TTL   600000


typedef struct dt_zone_s      dt_zone_t;
typedef struct dt_zone_pin_s  dt_zone_pin_t;


typedef enum {
    DT_ZONE_HIT = 1,    /* "value" lies in the zone, "pin" holds it there */
    DT_ZONE_FILL,       /* nothing, or too old: the caller fills */
    DT_ZONE_WAIT,       /* nothing, but the holder of "ticket" fills */
    DT_ZONE_AWAY        /* go without the zone */
} dt_zone_look_e;

typedef struct {
    dt_zone_pin_t      *pin;
    dt_value_cached_t   value;
    uint64_t            ticket;   /* of the filler; 0: none */
    ngx_uint_t          old;      /* DT_ZONE_FILL: there is a value */
    uint64_t            gen;      /* for dt_zone_put(); 0: not trusted */
} dt_zone_look_t;


uint64_t dt_zone_now(void);

/* Of an nginx zone; keeps what an older cycle has left in it. */
ngx_int_t dt_cache_zone_init(ngx_shm_zone_t *shm, void *data);

/*
 * For a worker's start, before all others.  "slot" is ngx_process_slot: pins
 * that a dead process left under it, or under another slot, are released.
 * "alone": no Redis, hence no other node, and the zone is always trusted.
 */
void dt_zone_attach(dt_zone_t *zone, ngx_uint_t slot, ngx_msec_t lifetime,
    ngx_uint_t alone);

/* The node's random id. */
uint64_t dt_zone_node(const dt_zone_t *zone);

/* ms for which marks are kept, here and in Redis. */
uint64_t dt_zone_mark_ttl(const dt_zone_t *zone);


/*
 * "waited" is the ticket the caller has waited for, or 0.  When its holder
 * had nothing to fill in, the answer is DT_ZONE_AWAY, so that those who
 * waited do not become fillers one after the other.
 *
 * A value past its lifetime is still served, for as long again, while one
 * caller refreshes it; and longer while nobody can (dt_zone_renew()).
 */
dt_zone_look_e dt_zone_look(dt_zone_t *zone, ngx_str_t *key, uint64_t waited,
    uint64_t now, dt_zone_look_t *look);

/*
 * Copies a packed value into the zone.  "gen" is what dt_zone_look() gave
 * before the value was read.
 *
 *     NGX_OK        kept
 *     NGX_DECLINED  older than a mark: must not be served by anybody
 *     NGX_ERROR     not kept: no room, not trusted, another generation, or
 *                   something newer is there
 */
ngx_int_t dt_zone_put(dt_zone_t *zone, ngx_str_t *key, const u_char *block,
    size_t size, uint64_t gen, uint64_t now);

/* The filler is through.  "nothing": there will be no value. */
void dt_zone_done(dt_zone_t *zone, ngx_str_t *key, uint64_t ticket,
    ngx_uint_t nothing, uint64_t now);

/*
 * The filler found no database: the value past its lifetime, if there is one
 * and no mark is against it, is served for a second more before the next one
 * tries.  It never gets older than the marks: each time it is held against
 * them, and they are kept for longer than that.
 */
void dt_zone_renew(dt_zone_t *zone, ngx_str_t *key, uint64_t now);

/* Counts dt_zone_put() and dt_zone_done(): unchanged, none has come. */
uint64_t dt_zone_fills(const dt_zone_t *zone);

void dt_zone_unpin(dt_zone_t *zone, dt_zone_pin_t *pin);


/* The next name of a list of dependencies, cut from its front; 0: no more. */
ngx_uint_t dt_zone_word(ngx_str_t *rest, ngx_str_t *word);

/* Raises the marks of all dependencies in "marks". */
void dt_zone_mark(dt_zone_t *zone, const ngx_str_t *marks, uint64_t mark,
    uint64_t now);

/* 0: one of "deps" has a mark at or above "stamp". */
ngx_uint_t dt_zone_passes(dt_zone_t *zone, const ngx_str_t *deps,
    uint64_t stamp, uint64_t now);


/* All marks published before "at" are in the zone. */
void dt_zone_hear(dt_zone_t *zone, uint64_t at);
uint64_t dt_zone_heard(dt_zone_t *zone);

/* The subscription is lost: nothing is trusted until it is heard again. */
void dt_zone_deaf(dt_zone_t *zone);

/* Forgets all values; fills of readers that began before are refused. */
void dt_zone_drop(dt_zone_t *zone);

/* A mark of this node did not reach Redis: nothing is trusted until a new
 * epoch has begun there. */
void dt_zone_lose(dt_zone_t *zone);

/* 0, or what dt_zone_mended() wants: the caller has DT_ZONE_LEASE ms to begin
 * a new epoch, and nobody else does meanwhile. */
uint64_t dt_zone_mend(dt_zone_t *zone, uint64_t now);
void dt_zone_mended(dt_zone_t *zone, uint64_t losses);

/* 1: Redis lacks marks of this node. */
ngx_uint_t dt_zone_lost(const dt_zone_t *zone);


#endif /* _DT_CACHE_ZONE_H_INCLUDED_ */
