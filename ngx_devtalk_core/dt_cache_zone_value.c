/*
 * The zone's values: looking one up, filling one in.
 */

#include "dt_cache_zone_parts.h"


#define DT_ZONE_LINGER 300      /* ms in which those who waited see that there
                                   is nothing */
#define DT_ZONE_USED   1000     /* ms: how fine "least recently used" is */
#define DT_ZONE_RETRY  1000     /* ms until an old value is refreshed again */


static dt_zone_entry_t *dt_zone_entry(dt_zone_t *zone, ngx_str_t *key,
    uint32_t hash);
static dt_zone_entry_t *dt_zone_entry_create(dt_zone_t *zone, ngx_str_t *key,
    uint32_t hash, uint64_t now);
static void dt_zone_entry_empty(dt_zone_t *zone, dt_zone_entry_t *entry,
    uint64_t until);
static void dt_zone_expire_empty(dt_zone_t *zone, uint64_t now);
static dt_zone_look_e dt_zone_look_locked(dt_zone_t *zone, ngx_str_t *key,
    uint64_t waited, uint64_t now, dt_zone_look_t *look);
static dt_zone_look_e dt_zone_look_value(dt_zone_t *zone,
    dt_zone_entry_t *entry, uint64_t now, dt_zone_look_t *look);
static dt_zone_look_e dt_zone_claim(dt_zone_t *zone, dt_zone_entry_t *entry,
    uint64_t now, dt_zone_look_t *look);
static ngx_int_t dt_zone_put_locked(dt_zone_t *zone, ngx_str_t *key,
    const u_char *bytes, size_t size, uint64_t gen, uint64_t now);
static dt_zone_block_t *dt_zone_block_create(dt_zone_t *zone,
    const dt_value_cached_t *value, const u_char *bytes, size_t size);
static void dt_zone_rebase(ngx_str_t *part, const u_char *from, u_char *to);


dt_zone_look_e
dt_zone_look(dt_zone_t *zone, ngx_str_t *key, uint64_t waited, uint64_t now,
    dt_zone_look_t *look)
{
    dt_zone_look_e  found;

    ngx_memzero(look, sizeof(dt_zone_look_t));

    found = DT_ZONE_AWAY;

    if (dt_zone_lock(zone) == NGX_OK
        && key->len <= DT_CACHE_KEY
        && dt_zone_trusted(zone, now))
    {
        look->gen = zone->gen;
        found = dt_zone_look_locked(zone, key, waited, now, look);
    }

    dt_zone_unlock(zone);

    return found;
}


static dt_zone_look_e
dt_zone_look_locked(dt_zone_t *zone, ngx_str_t *key, uint64_t waited,
    uint64_t now, dt_zone_look_t *look)
{
    uint32_t          hash;
    dt_zone_entry_t  *entry;

    hash = dt_zone_hash(key);
    entry = dt_zone_entry(zone, key, hash);

    if (entry && entry->block) {

        if (entry->block->expires + zone->lifetime > now
            && dt_zone_good(zone, entry->block, now))
        {
            return dt_zone_look_value(zone, entry, now, look);
        }

        dt_zone_entry_empty(zone, entry, now);
    }

    if (entry) {

        if (waited && entry->nothing == waited) {
            return DT_ZONE_AWAY;
        }

        if (entry->filler && now < entry->filler_until) {
            look->ticket = entry->filler;
            return DT_ZONE_WAIT;
        }

        return dt_zone_claim(zone, entry, now, look);
    }

    entry = dt_zone_entry_create(zone, key, hash, now);
    if (entry == NULL) {
        return DT_ZONE_AWAY;
    }

    return dt_zone_claim(zone, entry, now, look);
}


static dt_zone_look_e
dt_zone_look_value(dt_zone_t *zone, dt_zone_entry_t *entry, uint64_t now,
    dt_zone_look_t *look)
{
    dt_zone_block_t  *block;

    block = entry->block;

    if (now >= block->expires
        && (entry->filler == 0 || now >= entry->filler_until))
    {
        look->old = 1;
        return dt_zone_claim(zone, entry, now, look);
    }

    look->pin = dt_zone_pin(zone, block);
    if (look->pin == NULL) {
        return DT_ZONE_AWAY;
    }

    look->value = block->value;

    if (!block->dead && entry->used + DT_ZONE_USED < now) {
        entry->used = now;
        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_head(&zone->values, &entry->queue);
    }

    return DT_ZONE_HIT;
}


static dt_zone_look_e
dt_zone_claim(dt_zone_t *zone, dt_zone_entry_t *entry, uint64_t now,
    dt_zone_look_t *look)
{
    entry->filler = ++zone->tickets;
    entry->filler_until = now + DT_ZONE_FILLER;

    if (entry->block == NULL) {
        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_head(&zone->empty, &entry->queue);
    }

    look->ticket = entry->filler;

    return DT_ZONE_FILL;
}


ngx_int_t
dt_zone_put(dt_zone_t *zone, ngx_str_t *key, const u_char *block, size_t size,
    uint64_t gen, uint64_t now)
{
    ngx_int_t  rc;

    rc = NGX_ERROR;

    if (dt_zone_lock(zone) == NGX_OK
        && key->len <= DT_CACHE_KEY
        && gen == zone->gen
        && dt_zone_trusted(zone, now))
    {
        rc = dt_zone_put_locked(zone, key, block, size, gen, now);
        zone->fills++;
    }

    dt_zone_unlock(zone);

    return rc;
}


static ngx_int_t
dt_zone_put_locked(dt_zone_t *zone, ngx_str_t *key, const u_char *bytes,
    size_t size, uint64_t gen, uint64_t now)
{
    uint32_t            hash;
    dt_zone_block_t    *block;
    dt_zone_entry_t    *entry;
    dt_value_cached_t   value;

    if (dt_value_unpack(bytes, size, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!dt_zone_passes_locked(zone, &value.deps, value.stamp, now)) {
        return NGX_DECLINED;
    }

    hash = dt_zone_hash(key);
    entry = dt_zone_entry(zone, key, hash);

    if (entry && entry->block && entry->block->gen == gen
        && entry->block->value.stamp > value.stamp)
    {
        return NGX_ERROR;
    }

    /* making room may cost the entry */

    block = dt_zone_block_create(zone, &value, bytes, size);
    if (block == NULL) {
        return NGX_ERROR;
    }

    entry = dt_zone_entry(zone, key, hash);

    if (entry == NULL) {
        entry = dt_zone_entry_create(zone, key, hash, now);
        if (entry == NULL) {
            dt_zone_block_drop(zone, block);
            return NGX_ERROR;
        }
    }

    if (entry->block) {
        dt_zone_block_drop(zone, entry->block);
    }

    block->gen = gen;
    block->checked = zone->changes;
    block->expires = now + zone->lifetime
                     + (uint64_t) ngx_random() % (zone->lifetime / 10 + 1);

    entry->block = block;
    entry->used = now;

    ngx_queue_remove(&entry->queue);
    ngx_queue_insert_head(&zone->values, &entry->queue);

    return NGX_OK;
}


static dt_zone_block_t *
dt_zone_block_create(dt_zone_t *zone, const dt_value_cached_t *value,
    const u_char *bytes, size_t size)
{
    dt_zone_block_t  *block;

    block = dt_zone_alloc(zone, sizeof(dt_zone_block_t) + size);
    if (block == NULL) {
        return NULL;
    }

    ngx_memzero(block, sizeof(dt_zone_block_t));
    ngx_memcpy(block->bytes, bytes, size);

    block->value = *value;
    block->value.slots = (dt_slot_t *)
                         (block->bytes + ((u_char *) value->slots - bytes));
    dt_zone_rebase(&block->value.etag, bytes, block->bytes);
    dt_zone_rebase(&block->value.next, bytes, block->bytes);
    dt_zone_rebase(&block->value.deps, bytes, block->bytes);
    dt_zone_rebase(&block->value.body, bytes, block->bytes);

    return block;
}


static void
dt_zone_rebase(ngx_str_t *part, const u_char *from, u_char *to)
{
    part->data = to + (part->data - from);
}


void
dt_zone_done(dt_zone_t *zone, ngx_str_t *key, uint64_t ticket,
    ngx_uint_t nothing, uint64_t now)
{
    dt_zone_entry_t  *entry;

    if (dt_zone_lock(zone) == NGX_OK && key->len <= DT_CACHE_KEY) {

        zone->fills++;
        entry = dt_zone_entry(zone, key, dt_zone_hash(key));

        if (entry && entry->filler == ticket) {
            entry->filler = 0;

            if (nothing) {
                entry->nothing = ticket;
            }

            if (entry->block == NULL) {
                dt_zone_entry_empty(zone, entry, now + DT_ZONE_LINGER);
            }
        }
    }

    dt_zone_unlock(zone);
}


void
dt_zone_renew(dt_zone_t *zone, ngx_str_t *key, uint64_t now)
{
    dt_zone_entry_t  *entry;

    if (dt_zone_lock(zone) == NGX_OK && dt_zone_trusted(zone, now)) {

        entry = dt_zone_entry(zone, key, dt_zone_hash(key));

        if (entry && entry->block && dt_zone_good(zone, entry->block, now)) {
            entry->block->expires = ngx_max(entry->block->expires,
                                            now + DT_ZONE_RETRY);
        }
    }

    dt_zone_unlock(zone);
}


uint64_t
dt_zone_fills(const dt_zone_t *zone)
{
    return zone->fills;
}


static dt_zone_entry_t *
dt_zone_entry(dt_zone_t *zone, ngx_str_t *key, uint32_t hash)
{
    return (dt_zone_entry_t *) ngx_str_rbtree_lookup(&zone->keys, key, hash);
}


static dt_zone_entry_t *
dt_zone_entry_create(dt_zone_t *zone, ngx_str_t *key, uint32_t hash,
    uint64_t now)
{
    dt_zone_entry_t  *entry;

    dt_zone_expire_empty(zone, now);

    entry = dt_zone_alloc(zone, sizeof(dt_zone_entry_t) + key->len);
    if (entry == NULL) {
        return NULL;
    }

    ngx_memzero(entry, sizeof(dt_zone_entry_t));

    entry->sn.node.key = hash;
    entry->sn.str.len = key->len;
    entry->sn.str.data = (u_char *) entry + sizeof(dt_zone_entry_t);
    ngx_memcpy(entry->sn.str.data, key->data, key->len);

    ngx_rbtree_insert(&zone->keys, &entry->sn.node);
    ngx_queue_insert_head(&zone->empty, &entry->queue);

    return entry;
}


static void
dt_zone_entry_empty(dt_zone_t *zone, dt_zone_entry_t *entry, uint64_t until)
{
    if (entry->block) {
        dt_zone_block_drop(zone, entry->block);
        entry->block = NULL;
    }

    entry->filler_until = ngx_max(entry->filler_until, until);

    ngx_queue_remove(&entry->queue);
    ngx_queue_insert_head(&zone->empty, &entry->queue);
}


/* Keys that nobody found a value for must not push out values: they go by
 * themselves, a few for each new one. */

static void
dt_zone_expire_empty(dt_zone_t *zone, uint64_t now)
{
    ngx_uint_t        i;
    ngx_queue_t      *q;
    dt_zone_entry_t  *entry;

    for (i = 0; i < 4 && !ngx_queue_empty(&zone->empty); i++) {

        q = ngx_queue_last(&zone->empty);
        entry = ngx_queue_data(q, dt_zone_entry_t, queue);

        if (now < entry->filler_until) {
            return;
        }

        dt_zone_entry_free(zone, entry);
    }
}
