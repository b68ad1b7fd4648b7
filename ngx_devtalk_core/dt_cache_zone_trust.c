/*
 * What the zone may serve: marks against stamps, and whether the node hears
 * of the others' marks.
 */

#include "dt_cache_zone_parts.h"


/* The part of the zone that marks may take; a slab's size is a power of two. */
#define DT_ZONE_MARKS    4
#define DT_ZONE_SLAB(n)  (2 * (n))


static void dt_zone_mark_one(dt_zone_t *zone, ngx_str_t *dep, uint64_t mark,
    uint64_t now);
static dt_zone_mark_t *dt_zone_mark_create(dt_zone_t *zone, ngx_str_t *dep,
    uint32_t hash);
static void dt_zone_mark_free(dt_zone_t *zone, dt_zone_mark_t *mark);
static void dt_zone_marks_expire(dt_zone_t *zone, uint64_t now);
static ngx_uint_t dt_zone_marks_give_up(dt_zone_t *zone, uint64_t now);
static void dt_zone_raise_floor(dt_zone_t *zone, uint64_t mark, uint64_t now);


void
dt_zone_mark(dt_zone_t *zone, const ngx_str_t *marks, uint64_t mark,
    uint64_t now)
{
    ngx_int_t  rc;
    ngx_str_t  rest, dep;

    rc = dt_zone_lock(zone);

    zone->highest = ngx_max(zone->highest, mark);

    if (rc == NGX_OK) {
        dt_zone_marks_expire(zone, now);

        rest = *marks;

        while (dt_zone_word(&rest, &dep)) {
            dt_zone_mark_one(zone, &dep, mark, now);
        }
    }

    dt_zone_unlock(zone);
}


static void
dt_zone_mark_one(dt_zone_t *zone, ngx_str_t *dep, uint64_t mark, uint64_t now)
{
    uint32_t         hash;
    dt_zone_mark_t  *m;

    hash = dt_zone_hash(dep);
    m = (dt_zone_mark_t *) ngx_str_rbtree_lookup(&zone->deps, dep, hash);

    if (m && m->mark >= mark) {
        return;
    }

    zone->changes++;

    if (m == NULL) {

        if (zone->marks_size
            > (size_t) (zone->pool->end - zone->pool->start) / DT_ZONE_MARKS)
        {
            (void) dt_zone_marks_give_up(zone, now);
        }

        do {
            m = dt_zone_mark_create(zone, dep, hash);
        } while (m == NULL && dt_zone_marks_give_up(zone, now));

        if (m == NULL) {
            dt_zone_raise_floor(zone, mark, now);
            return;
        }

    } else {
        ngx_queue_remove(&m->queue);
    }

    m->mark = mark;
    m->expires = now + zone->mark_ttl;
    ngx_queue_insert_head(&zone->marks, &m->queue);
}


static dt_zone_mark_t *
dt_zone_mark_create(dt_zone_t *zone, ngx_str_t *dep, uint32_t hash)
{
    dt_zone_mark_t  *m;

    m = dt_zone_alloc(zone, sizeof(dt_zone_mark_t) + dep->len);
    if (m == NULL) {
        return NULL;
    }

    m->sn.node.key = hash;
    m->sn.str.len = dep->len;
    m->sn.str.data = (u_char *) m + sizeof(dt_zone_mark_t);
    ngx_memcpy(m->sn.str.data, dep->data, dep->len);

    ngx_rbtree_insert(&zone->deps, &m->sn.node);
    zone->marks_size += DT_ZONE_SLAB(sizeof(dt_zone_mark_t) + dep->len);

    return m;
}


static void
dt_zone_mark_free(dt_zone_t *zone, dt_zone_mark_t *mark)
{
    zone->marks_size -= DT_ZONE_SLAB(sizeof(dt_zone_mark_t)
                                     + mark->sn.str.len);

    ngx_queue_remove(&mark->queue);
    ngx_rbtree_delete(&zone->deps, &mark->sn.node);
    ngx_slab_free_locked(zone->pool, mark);
}


static void
dt_zone_marks_expire(dt_zone_t *zone, uint64_t now)
{
    ngx_uint_t       i;
    ngx_queue_t     *q;
    dt_zone_mark_t  *m;

    for (i = 0; i < 4 && !ngx_queue_empty(&zone->marks); i++) {

        q = ngx_queue_last(&zone->marks);
        m = ngx_queue_data(q, dt_zone_mark_t, queue);

        if (now < m->expires) {
            return;
        }

        dt_zone_mark_free(zone, m);
    }
}


/*
 * Marks take too much room, or no values are left to make some.  The oldest
 * marks are near the lowest, so a floor at their height in their place refuses
 * little that is young.
 */

static ngx_uint_t
dt_zone_marks_give_up(dt_zone_t *zone, uint64_t now)
{
    ngx_uint_t       i;
    ngx_queue_t     *q;
    dt_zone_mark_t  *m;

    for (i = 0; i < 16 && !ngx_queue_empty(&zone->marks); i++) {

        q = ngx_queue_last(&zone->marks);
        m = ngx_queue_data(q, dt_zone_mark_t, queue);

        dt_zone_raise_floor(zone, m->mark, now);
        dt_zone_mark_free(zone, m);
    }

    return i;
}


static void
dt_zone_raise_floor(dt_zone_t *zone, uint64_t mark, uint64_t now)
{
    zone->floor = ngx_max(zone->floor, mark);
    zone->floor_until = now + zone->mark_ttl;
}


ngx_uint_t
dt_zone_passes(dt_zone_t *zone, const ngx_str_t *deps, uint64_t stamp,
    uint64_t now)
{
    ngx_uint_t  passes;

    if (dt_zone_lock(zone) == NGX_OK) {
        passes = dt_zone_passes_locked(zone, deps, stamp, now);

    } else {
        passes = stamp > zone->highest;
    }

    dt_zone_unlock(zone);

    return passes;
}


ngx_uint_t
dt_zone_passes_locked(dt_zone_t *zone, const ngx_str_t *deps, uint64_t stamp,
    uint64_t now)
{
    ngx_str_t        rest, dep;
    dt_zone_mark_t  *m;

    if (stamp <= zone->floor && now < zone->floor_until) {
        return 0;
    }

    rest = *deps;

    while (dt_zone_word(&rest, &dep)) {

        m = (dt_zone_mark_t *) ngx_str_rbtree_lookup(&zone->deps, &dep,
                                                     dt_zone_hash(&dep));
        if (m && m->mark >= stamp) {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
dt_zone_good(dt_zone_t *zone, dt_zone_block_t *block, uint64_t now)
{
    if (block->gen != zone->gen) {
        return 0;
    }

    /* most reads come while nothing was written */

    if (block->checked == zone->changes) {
        return 1;
    }

    if (!dt_zone_passes_locked(zone, &block->value.deps, block->value.stamp,
                               now))
    {
        return 0;
    }

    block->checked = zone->changes;

    return 1;
}


ngx_uint_t
dt_zone_word(ngx_str_t *rest, ngx_str_t *word)
{
    while (rest->len && *rest->data == ' ') {
        rest->data++;
        rest->len--;
    }

    word->data = rest->data;
    word->len = 0;

    while (rest->len && *rest->data != ' ') {
        rest->data++;
        rest->len--;
        word->len++;
    }

    return word->len != 0;
}


ngx_uint_t
dt_zone_trusted(const dt_zone_t *zone, uint64_t now)
{
    if (zone->alone) {
        return 1;
    }

    return zone->lost == zone->mended
           && zone->heard
           && now < zone->heard + DT_ZONE_LEASE;
}


void
dt_zone_hear(dt_zone_t *zone, uint64_t at)
{
    (void) dt_zone_lock(zone);
    zone->heard = ngx_max(zone->heard, at);
    dt_zone_unlock(zone);
}


uint64_t
dt_zone_heard(dt_zone_t *zone)
{
    return zone->heard;
}


void
dt_zone_deaf(dt_zone_t *zone)
{
    (void) dt_zone_lock(zone);
    zone->heard = 0;
    dt_zone_unlock(zone);
}


void
dt_zone_drop(dt_zone_t *zone)
{
    (void) dt_zone_lock(zone);
    zone->gen++;
    dt_zone_unlock(zone);
}


void
dt_zone_lose(dt_zone_t *zone)
{
    (void) dt_zone_lock(zone);
    zone->lost++;
    dt_zone_unlock(zone);
}


uint64_t
dt_zone_mend(dt_zone_t *zone, uint64_t now)
{
    uint64_t  losses;

    losses = 0;

    (void) dt_zone_lock(zone);

    if (zone->lost != zone->mended && now >= zone->mending_until) {
        zone->mending_until = now + DT_ZONE_LEASE;
        losses = zone->lost;
    }

    dt_zone_unlock(zone);

    return losses;
}


void
dt_zone_mended(dt_zone_t *zone, uint64_t losses)
{
    (void) dt_zone_lock(zone);
    zone->mended = ngx_max(zone->mended, losses);
    zone->mending_until = 0;
    zone->gen++;
    dt_zone_unlock(zone);
}


ngx_uint_t
dt_zone_lost(const dt_zone_t *zone)
{
    return zone->lost != zone->mended;
}
