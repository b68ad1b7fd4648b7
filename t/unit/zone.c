/* The cache's zone of shared memory: ngx_devtalk_core/dt_cache_zone*.c. */

/* sources: ngx_devtalk_core/dt_cache_zone.c ngx_devtalk_core/dt_cache_zone_value.c ngx_devtalk_core/dt_cache_zone_trust.c ngx_devtalk_core/dt_value.c */

#include <sys/mman.h>
#include <sys/wait.h>

#include "tap.h"
#include "dt_cache_zone_parts.h"


#define LIFETIME  60000


static uint64_t        now = 1000000;
static ngx_shm_zone_t  shm;


static dt_zone_t *
fresh(size_t size)
{
    dt_zone_t        *zone;
    ngx_slab_pool_t  *pool;

    if (shm.shm.addr) {
        munmap(shm.shm.addr, shm.shm.size);
    }

    ngx_memzero(&shm, sizeof(ngx_shm_zone_t));
    shm.shm.size = size;
    shm.shm.log = &tap_log;
    shm.shm.addr = mmap(NULL, size, PROT_READ|PROT_WRITE,
                        MAP_SHARED|MAP_ANONYMOUS, -1, 0);

    pool = (ngx_slab_pool_t *) shm.shm.addr;
    pool->end = shm.shm.addr + size;
    pool->min_shift = 3;
    pool->addr = shm.shm.addr;
    (void) ngx_shmtx_create(&pool->mutex, &pool->lock, NULL);
    ngx_slab_init(pool);

    (void) dt_cache_zone_init(&shm, NULL);

    zone = shm.data;
    dt_zone_attach(zone, 3, LIFETIME, 0);
    dt_zone_hear(zone, now);

    return zone;
}


static ngx_int_t
put(dt_zone_t *zone, const char *name, uint64_t stamp, const char *deps,
    size_t size, uint64_t gen)
{
    u_char             *block;
    ngx_int_t           rc;
    ngx_str_t           key;
    dt_value_cached_t   value;

    ngx_memzero(&value, sizeof(dt_value_cached_t));
    value.stamp = stamp;
    value.deps.data = (u_char *) deps;
    value.deps.len = strlen(deps);
    value.body.len = size;
    value.body.data = ngx_alloc(size + 1, &tap_log);
    ngx_memset(value.body.data, name[0], size);

    key.data = (u_char *) name;
    key.len = strlen(name);

    block = ngx_alloc(dt_value_pack(&value, NULL), &tap_log);
    rc = dt_zone_put(zone, &key, block, dt_value_pack(&value, block), gen,
                     now);
    ngx_free(block);
    ngx_free(value.body.data);

    return rc;
}


static dt_zone_look_e
look(dt_zone_t *zone, const char *name, uint64_t waited,
    dt_zone_look_t *result)
{
    ngx_str_t  key;

    key.data = (u_char *) name;
    key.len = strlen(name);

    return dt_zone_look(zone, &key, waited, now, result);
}


/* As look(), but holds nothing. */

static dt_zone_look_e
see(dt_zone_t *zone, const char *name)
{
    dt_zone_look_t  result;
    dt_zone_look_e  found;

    found = look(zone, name, 0, &result);

    if (result.pin) {
        dt_zone_unpin(zone, result.pin);
    }

    return found;
}


static void
end(dt_zone_t *zone, const char *name, uint64_t ticket, ngx_uint_t nothing)
{
    ngx_str_t  key;

    key.data = (u_char *) name;
    key.len = strlen(name);

    dt_zone_done(zone, &key, ticket, nothing, now);
}


static void
mark(dt_zone_t *zone, const char *deps, uint64_t height)
{
    ngx_str_t  marks;

    marks.data = (u_char *) deps;
    marks.len = strlen(deps);

    dt_zone_mark(zone, &marks, height, now);
}


static void
later(dt_zone_t *zone, uint64_t ms)
{
    now += ms;
    dt_zone_hear(zone, now);
}


static void
test_marks(void)
{
    uint64_t    high = (uint64_t) 1 << 63;
    ngx_str_t   deps = ngx_string("a:1 front");
    dt_zone_t  *zone;

    zone = fresh(1 << 20);

    is(put(zone, "k", 10, "a:1 front", 100, zone->gen), NGX_OK, "kept");
    is(see(zone, "k"), DT_ZONE_HIT, "found");
    mark(zone, "a:2 u:1", 50);
    is(see(zone, "k"), DT_ZONE_HIT, "another's mark changes nothing");
    mark(zone, "a:2  front", 9);
    is(see(zone, "k"), DT_ZONE_HIT, "a mark below its stamp");
    mark(zone, "front", 10);
    is(see(zone, "k"), DT_ZONE_FILL, "a mark at its stamp ends it");
    is(put(zone, "k", 10, "a:1 front", 100, zone->gen), NGX_DECLINED,
       "a slow reader's old value is refused");
    is(put(zone, "k", 11, "a:1 front", 100, zone->gen), NGX_OK,
       "one read after the write is taken");
    mark(zone, "front", 5);
    is(see(zone, "k"), DT_ZONE_HIT, "a mark does not sink");
    is(put(zone, "k", 12, "a:1", 100, zone->gen), NGX_OK, "a newer one");
    is(put(zone, "k", 11, "a:1", 100, zone->gen), NGX_ERROR,
       "does not give way to an older one");

    is(dt_zone_passes(zone, &deps, 10, now), 0, "Redis's value: too old");
    is(dt_zone_passes(zone, &deps, 11, now), 1, "Redis's value: good");

    mark(zone, "big", high + 1);
    is(put(zone, "b", high + 1, "big", 10, zone->gen), NGX_DECLINED,
       "numbers of 64 bits: below");
    is(put(zone, "b", high + 2, "big", 10, zone->gen), NGX_OK,
       "numbers of 64 bits: above");

    later(zone, DT_ZONE_MARK_TTL + 1);
    mark(zone, "x:1", 1);
    mark(zone, "x:2", 1);
    is(put(zone, "z", 10, "a:1 front", 100, zone->gen), NGX_OK,
       "marks are forgotten after their time");
}


static void
test_trust(void)
{
    uint64_t    gen, losses;
    dt_zone_t  *zone;

    zone = fresh(1 << 20);
    gen = zone->gen;
    (void) put(zone, "k", 10, "a:1", 100, gen);

    now += DT_ZONE_LEASE - 1;
    is(see(zone, "k"), DT_ZONE_HIT, "within the lease");
    now += 1;
    is(see(zone, "k"), DT_ZONE_AWAY, "not when it has ended");
    is(put(zone, "j", 10, "a:1", 100, gen), NGX_ERROR, "nor is it filled");
    dt_zone_hear(zone, now);
    is(see(zone, "k"), DT_ZONE_HIT, "heard again");

    dt_zone_deaf(zone);
    is(see(zone, "k"), DT_ZONE_AWAY, "deaf");
    dt_zone_drop(zone);
    dt_zone_hear(zone, now);
    is(see(zone, "k"), DT_ZONE_FILL, "dropped");
    is(put(zone, "k", 10, "a:1", 100, gen), NGX_ERROR,
       "a fill that began before the drop");
    is(put(zone, "k", 10, "a:1", 100, zone->gen), NGX_OK, "one after it");
    now += DT_ZONE_FILLER;

    dt_zone_lose(zone);
    is(see(zone, "k"), DT_ZONE_AWAY, "a mark of ours is lost");
    losses = dt_zone_mend(zone, now);
    ok(losses != 0, "somebody has to mend it");
    is(dt_zone_mend(zone, now), 0, "one at a time");
    dt_zone_lose(zone);
    dt_zone_mended(zone, losses);
    is(see(zone, "k"), DT_ZONE_AWAY, "another was lost meanwhile");
    dt_zone_mended(zone, dt_zone_mend(zone, now));
    is(see(zone, "k"), DT_ZONE_FILL, "mended: trusted, and empty");

    ok(dt_zone_mend(zone, now) == 0 && !dt_zone_lost(zone),
       "nothing is left to mend");
}


static void
test_filler(void)
{
    dt_zone_t       *zone;
    dt_zone_look_t   first, second, third;

    zone = fresh(1 << 20);

    is(look(zone, "k", 0, &first), DT_ZONE_FILL, "the first one fills");
    is(look(zone, "k", 0, &second), DT_ZONE_WAIT, "the second waits");
    is(second.ticket, first.ticket, "for the first");
    is(look(zone, "other", 0, &third), DT_ZONE_FILL, "another key");
    (void) put(zone, "k", 10, "a:1", 100, first.gen);
    end(zone, "k", first.ticket, 0);
    is(see(zone, "k"), DT_ZONE_HIT, "both get it");

    (void) look(zone, "none", 0, &first);
    (void) look(zone, "none", 0, &second);
    end(zone, "none", first.ticket, 1);
    is(look(zone, "none", second.ticket, &second), DT_ZONE_AWAY,
       "who waited for nothing goes on alone");
    is(look(zone, "none", 0, &third), DT_ZONE_FILL, "a newcomer tries anew");
    is(look(zone, "none", first.ticket, &second), DT_ZONE_AWAY,
       "who waited for nothing does not wait again");

    (void) look(zone, "late", 0, &first);
    (void) look(zone, "late", 0, &second);
    end(zone, "late", first.ticket, 0);
    is(look(zone, "late", second.ticket, &second), DT_ZONE_FILL,
       "the filler's value was overtaken: the next one fills");

    (void) look(zone, "slow", 0, &first);
    later(zone, DT_ZONE_FILLER);
    is(look(zone, "slow", 0, &second), DT_ZONE_FILL,
       "a filler that takes too long is given up");
    end(zone, "slow", first.ticket, 0);
    is(see(zone, "slow"), DT_ZONE_WAIT, "and cannot end another's turn");
}


static void
test_expiry(void)
{
    dt_zone_t       *zone;
    dt_zone_look_t   first;

    zone = fresh(1 << 20);
    (void) put(zone, "k", 10, "a:1", 100, zone->gen);

    later(zone, LIFETIME - 1);
    is(see(zone, "k"), DT_ZONE_HIT, "within its lifetime");
    later(zone, LIFETIME / 10 + 1);
    is(look(zone, "k", 0, &first), DT_ZONE_FILL, "past it, one refreshes");
    is(see(zone, "k"), DT_ZONE_HIT, "the others get the old one");
    mark(zone, "a:1", 20);
    is(see(zone, "k"), DT_ZONE_WAIT, "unless it was marked");

    (void) put(zone, "j", 10, "a:2", 100, zone->gen);
    later(zone, 2 * LIFETIME + LIFETIME / 10 + 1);
    is(see(zone, "j"), DT_ZONE_FILL, "at last it is gone");
    is(see(zone, "j"), DT_ZONE_WAIT, "for all");
}


static void
test_pins(void)
{
    size_t           i;
    ngx_uint_t       same;
    dt_zone_t       *zone;
    dt_zone_look_t   held;

    zone = fresh(1 << 20);
    (void) put(zone, "held", 10, "a:1", 5000, zone->gen);
    is(look(zone, "held", 0, &held), DT_ZONE_HIT, "held");

    mark(zone, "a:1", 20);
    is(see(zone, "held"), DT_ZONE_FILL, "not served any more");

    for (i = 0; i < 2000; i++) {
        char  name[16];

        (void) snprintf(name, sizeof(name), "%zu", i);
        (void) put(zone, name, 30, "a:2", 3000, zone->gen);
    }

    same = held.value.body.len == 5000;

    for (i = 0; i < held.value.body.len; i++) {
        same &= held.value.body.data[i] == 'h';
    }

    ok(same, "its reader still reads what it held");
    is(zone->slots[3].npins, 1, "one pin");
    dt_zone_unpin(zone, held.pin);
    is(zone->slots[3].npins, 0, "none");
}


/* What n values of a size leave free. */

static void
test_room(void)
{
    size_t           i;
    char             name[32];
    ngx_uint_t       kept, pages;
    dt_zone_t       *zone;
    dt_zone_look_t   first;

    zone = fresh(1 << 20);
    pages = zone->pool->pfree;
    kept = 0;

    for (i = 0; i < 20000; i++) {
        (void) snprintf(name, sizeof(name), "%zu", i);
        kept += put(zone, name, 10, "a:1", (i * 7919) % 20000, zone->gen)
                == NGX_OK;
        (void) see(zone, "0");
        later(zone, 1);
    }

    ok(kept > 19900, "there is always room for one more: %d of 20000",
       (int) kept);
    is(see(zone, name), DT_ZONE_HIT, "the last one is there");
    is(see(zone, "100"), DT_ZONE_FILL, "an old one has gone");

    for (i = 0; i < 5000; i++) {
        (void) snprintf(name, sizeof(name), "nobody/%zu", i);
        (void) look(zone, name, 0, &first);
        end(zone, name, first.ticket, 1);
        later(zone, 10);
    }

    i = 0;

    while (!ngx_queue_empty(&zone->empty) && i < 10000) {
        dt_zone_entry_free(zone, ngx_queue_data(ngx_queue_last(&zone->empty),
                                                dt_zone_entry_t, queue));
        i++;
    }

    ok(i < 100, "keys without a value do not stay: %d", (int) i);

    while (!ngx_queue_empty(&zone->values)) {
        dt_zone_entry_free(zone, ngx_queue_data(ngx_queue_last(&zone->values),
                                                dt_zone_entry_t, queue));
    }

    ok(zone->pool->pfree + 16 > pages, "all of it can be free again");
}


static void
test_floor(void)
{
    size_t       i;
    char         name[32];
    ngx_uint_t   refused, n;
    dt_zone_t   *zone;

    zone = fresh(64 * 4096);
    n = 20000;

    for (i = 1; i <= n; i++) {
        (void) snprintf(name, sizeof(name), "a:%zu", i);
        mark(zone, name, i);
    }

    ok(zone->floor > 0 && zone->floor < n, "more marks than room: a floor");

    refused = 0;

    for (i = 1; i <= n; i++) {
        (void) snprintf(name, sizeof(name), "a:%zu", i);
        refused += put(zone, "k", i, name, 10, zone->gen) == NGX_DECLINED;
    }

    is(refused, n, "no mark is forgotten for lack of room");
    is(put(zone, "k", n + 1, "a:1", 10, zone->gen), NGX_OK,
       "values go on to be kept");
}


/* A process that dies inside of the lock, or with pins. */

static void
test_death(void)
{
    pid_t            pid;
    ngx_str_t        deps = ngx_string("a:1");
    dt_zone_t       *zone;
    dt_zone_look_t   held, theirs;

    zone = fresh(1 << 20);
    (void) put(zone, "k", 10, "a:1", 5000, zone->gen);
    mark(zone, "a:1", 5);

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();
        dt_zone_attach(zone, 4, LIFETIME, 0);
        (void) look(zone, "k", 0, &theirs);
        _exit(0);
    }

    (void) waitpid(pid, NULL, 0);
    is(zone->slots[4].npins, 1, "a dead worker holds a pin");
    dt_zone_attach(zone, 3, LIFETIME, 0);
    is(zone->slots[4].npins, 0, "the next to start releases it");

    (void) look(zone, "k", 0, &held);

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();
        dt_zone_attach(zone, 4, LIFETIME, 0);
        (void) look(zone, "k", 0, &theirs);
        (void) dt_zone_lock(zone);
        _exit(0);
    }

    (void) waitpid(pid, NULL, 0);
    is(ngx_shmtx_force_unlock(&zone->pool->mutex, pid), 1,
       "a worker died in the lock, the master opens it");
    is(see(zone, "k"), DT_ZONE_AWAY, "the zone is left alone");
    is(put(zone, "j", 100, "a:1", 10, zone->gen), NGX_ERROR, "as it is");
    mark(zone, "a:9", 50);
    is(held.value.body.data[4999], 'k', "its reader goes on");
    dt_zone_unpin(zone, held.pin);
    is(see(zone, "k"), DT_ZONE_FILL, "without readers it begins anew");
    is(dt_zone_passes(zone, &deps, 50, now), 0,
       "lost marks are made up for by a floor");
    is(put(zone, "k", 51, "a:1", 10, zone->gen), NGX_OK, "and is filled");
    is(see(zone, "k"), DT_ZONE_HIT, "again");
}


static void
test_reload(void)
{
    dt_zone_t       *zone;
    ngx_shm_zone_t   next;

    zone = fresh(1 << 20);
    (void) put(zone, "k", 10, "a:1", 100, zone->gen);

    next = shm;
    next.data = NULL;
    is(dt_cache_zone_init(&next, shm.data), NGX_OK, "a reload");
    ok(next.data == zone, "keeps the zone");
    is(see(next.data, "k"), DT_ZONE_HIT, "and what is in it");
}


int
main(void)
{
    tap_start();
    ngx_pid = getpid();
    ngx_pagesize = getpagesize();

    for (ngx_pagesize_shift = 0; ngx_pagesize >> ngx_pagesize_shift > 1;
         ngx_pagesize_shift++) { /* void */ }

    ngx_slab_sizes_init();

    test_marks();
    test_trust();
    test_filler();
    test_expiry();
    test_pins();
    test_room();
    test_floor();
    test_death();
    test_reload();

    return done();
}
