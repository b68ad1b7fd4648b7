/* A cached value as one block: ngx_devtalk_core/dt_value.c. */

/* sources: ngx_devtalk_core/dt_value.c */

#include "tap.h"
#include "dt_cache.h"


static dt_value_cached_t
example(void)
{
    static dt_slot_t   slots[] = { { 17, 13, DT_SLOT_FAVORITED },
                                   { 5, 31, DT_SLOT_FOLLOWING } };
    dt_value_cached_t  value;

    ngx_memzero(&value, sizeof(dt_value_cached_t));

    value.stamp = 0xfedcba9876543210ull;
    ngx_str_set(&value.etag, "v17");
    ngx_str_set(&value.next, "1700000000.17");
    ngx_str_set(&value.deps, "a:17 u:5");
    ngx_str_set(&value.body,
                "{\"favorited\":false,\"following\":false}");
    value.slots = slots;
    value.nslots = 2;

    return value;
}


static ngx_str_t
packed(const dt_value_cached_t *value)
{
    ngx_str_t  block;

    block.len = dt_value_pack(value, NULL);
    block.data = ngx_palloc(tap_pool, block.len);
    is(dt_value_pack(value, block.data), block.len, "packs what it said");

    return block;
}


static void
test_there_and_back(void)
{
    ngx_str_t          block;
    dt_value_cached_t  in, out;

    in = example();
    block = packed(&in);

    is(block.len % 8, 0, "whole words");
    is(dt_value_unpack(block.data, block.len, &out), NGX_OK, "unpacks");
    ok(out.stamp == in.stamp, "all 64 bits of the stamp");
    is_str(&out.etag, "v17", "etag");
    is_str(&out.next, "1700000000.17", "next");
    is_str(&out.deps, "a:17 u:5", "deps");
    is_str(&out.body, (char *) in.body.data, "body");
    is(out.nslots, 2, "both slots");
    is(out.slots[1].id, 5, "a slot's id");
    is(out.slots[1].offset, 31, "its place");
    is(out.slots[1].kind, DT_SLOT_FOLLOWING, "its kind");
    ok(out.body.data > block.data
       && out.body.data + out.body.len <= block.data + block.len,
       "nothing was copied");
}


static void
test_lengths(void)
{
    size_t             i;
    u_char             text[64];
    ngx_str_t          block;
    ngx_uint_t         good;
    dt_value_cached_t  in, out;

    ngx_memset(text, 'x', sizeof(text));
    good = 0;

    for (i = 0; i < sizeof(text); i++) {
        ngx_memzero(&in, sizeof(dt_value_cached_t));
        in.body.data = text;
        in.body.len = i;
        in.etag.data = text;
        in.etag.len = i % 5;

        block.len = dt_value_pack(&in, NULL);
        block.data = ngx_palloc(tap_pool, block.len);
        (void) dt_value_pack(&in, block.data);

        good += dt_value_unpack(block.data, block.len, &out) == NGX_OK
                && out.body.len == i && out.etag.len == i % 5
                && ngx_memcmp(out.body.data, text, i) == 0;
    }

    is(good, sizeof(text), "bodies of any length");
}


static void
test_damage(void)
{
    size_t             i;
    u_char            *copy;
    ngx_str_t          block;
    ngx_uint_t         seen;
    dt_value_cached_t  in, out;

    in = example();
    block = packed(&in);
    seen = 0;

    for (i = 0; i < block.len * 8; i++) {
        block.data[i / 8] ^= 1 << i % 8;
        seen += dt_value_unpack(block.data, block.len, &out) == NGX_ERROR;
        block.data[i / 8] ^= 1 << i % 8;
    }

    is(seen, block.len * 8, "each single bit that is wrong");
    seen = 0;

    for (i = 0; i < block.len; i++) {
        copy = ngx_alloc(i ? i : 1, &tap_log);
        ngx_memcpy(copy, block.data, i);
        seen += dt_value_unpack(copy, i, &out) == NGX_ERROR;
        ngx_free(copy);
    }

    is(seen, block.len, "a block cut short, wherever");
}


static void
slot(uint32_t offset, uint32_t kind, ngx_int_t expected, const char *name)
{
    ngx_str_t          block;
    dt_slot_t          slots[2];
    dt_value_cached_t  in, out;

    in = example();
    slots[0] = in.slots[0];
    slots[1] = in.slots[1];
    slots[1].offset = offset;
    slots[1].kind = kind;
    in.slots = slots;

    block = packed(&in);
    is(dt_value_unpack(block.data, block.len, &out), expected, "%s", name);
}


static void
test_slots(void)
{
    ngx_str_t          block;
    dt_value_cached_t  in, out;

    slot(31, DT_SLOT_FOLLOWING, NGX_OK, "a slot at its \"false\"");
    slot(30, DT_SLOT_FOLLOWING, NGX_ERROR, "a slot beside it");
    slot(13, DT_SLOT_FOLLOWING, NGX_ERROR, "two slots at one place");
    slot(32, DT_SLOT_FOLLOWING, NGX_ERROR, "a slot that ends behind the body");
    slot(0xfffffffe, DT_SLOT_FOLLOWING, NGX_ERROR, "a slot far away");
    slot(31, 3, NGX_ERROR, "a slot of no kind");

    in = example();
    ngx_str_set(&in.body, "fal");
    in.nslots = 1;
    block = packed(&in);
    is(dt_value_unpack(block.data, block.len, &out), NGX_ERROR,
       "a slot in a body shorter than its word");
}


static void
test_bounds(void)
{
    dt_slot_t         *slots;
    dt_value_cached_t  value;

    slots = ngx_pcalloc(tap_pool, (DT_CACHE_SLOTS + 1) * sizeof(dt_slot_t));
    value = example();
    value.slots = slots;

    value.nslots = DT_CACHE_SLOTS + 1;
    is(dt_value_pack(&value, NULL), 0, "too many slots are not kept");
    value.nslots = DT_CACHE_SLOTS;
    ok(dt_value_pack(&value, NULL) > 0, "as many as allowed are");

    value = example();
    value.body.len = (size_t) 1 << 40;
    is(dt_value_pack(&value, NULL), 0, "nor is a huge body");
}


int
main(void)
{
    tap_start();

    test_there_and_back();
    test_lengths();
    test_damage();
    test_slots();
    test_bounds();

    return done();
}
