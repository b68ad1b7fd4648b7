/*
 * A cached value as one block of memory: what the zone keeps, and what Redis
 * is given.
 *
 *     head | slots | etag | next | deps | body | zeros up to a multiple of 8
 */

#include "dt_cache.h"


/* Read as another number on a machine of the other byte order. */
#define DT_VALUE_MAGIC  0x32765444     /* "DTv2" */

#define DT_VALUE_MAX    (64 * 1024 * 1024)
#define DT_VALUE_LANES  4
#define DT_VALUE_FALSE  (sizeof("false") - 1)


typedef struct {
    uint32_t    magic;
    uint32_t    size;                  /* of the whole block */
    uint64_t    sum;                   /* of all behind this field */
    uint64_t    stamp;
    uint32_t    nslots;
    uint32_t    etag;                  /* lengths */
    uint32_t    next;
    uint32_t    deps;
    uint64_t    body;
} dt_value_head_t;


static u_char *dt_value_add(u_char *p, const ngx_str_t *part);
static uint64_t dt_value_size(const dt_value_head_t *head);
static uint64_t dt_value_sum(const u_char *block, size_t size);
static ngx_inline uint64_t dt_value_mix(uint64_t sum, uint64_t word);
static ngx_int_t dt_value_check(const dt_value_cached_t *value);


size_t
dt_value_pack(const dt_value_cached_t *value, u_char *out)
{
    u_char           *p;
    uint64_t          size, sum;
    dt_value_head_t   head;

    if (value->nslots > DT_CACHE_SLOTS
        || value->etag.len > DT_VALUE_MAX || value->next.len > DT_VALUE_MAX
        || value->deps.len > DT_VALUE_MAX || value->body.len > DT_VALUE_MAX)
    {
        return 0;
    }

    ngx_memzero(&head, sizeof(dt_value_head_t));

    head.magic = DT_VALUE_MAGIC;
    head.stamp = value->stamp;
    head.nslots = value->nslots;
    head.etag = value->etag.len;
    head.next = value->next.len;
    head.deps = value->deps.len;
    head.body = value->body.len;

    size = dt_value_size(&head);
    head.size = size;

    if (out == NULL) {
        return size;
    }

    ngx_memzero(out + size - 8, 8);
    ngx_memcpy(out, &head, sizeof(dt_value_head_t));

    p = out + sizeof(dt_value_head_t);

    if (value->nslots) {
        p = ngx_cpymem(p, value->slots, value->nslots * sizeof(dt_slot_t));
    }

    p = dt_value_add(p, &value->etag);
    p = dt_value_add(p, &value->next);
    p = dt_value_add(p, &value->deps);
    (void) dt_value_add(p, &value->body);

    sum = dt_value_sum(out, size);
    ngx_memcpy(out + offsetof(dt_value_head_t, sum), &sum, sizeof(sum));

    return size;
}


ngx_int_t
dt_value_unpack(const u_char *block, size_t size, dt_value_cached_t *value)
{
    u_char                 *p;
    const dt_value_head_t  *head;

    if (size < sizeof(dt_value_head_t)) {
        return NGX_ERROR;
    }

    head = (const dt_value_head_t *) block;

    if (head->magic != DT_VALUE_MAGIC
        || head->size != size
        || head->nslots > DT_CACHE_SLOTS
        || head->body > DT_VALUE_MAX
        || dt_value_size(head) != size
        || head->sum != dt_value_sum(block, size))
    {
        return NGX_ERROR;
    }

    p = (u_char *) block + sizeof(dt_value_head_t);

    value->stamp = head->stamp;
    value->nslots = head->nslots;
    value->slots = (dt_slot_t *) p;
    p += head->nslots * sizeof(dt_slot_t);

    value->etag.len = head->etag;
    value->etag.data = p;
    p += head->etag;

    value->next.len = head->next;
    value->next.data = p;
    p += head->next;

    value->deps.len = head->deps;
    value->deps.data = p;
    p += head->deps;

    value->body.len = head->body;
    value->body.data = p;

    return dt_value_check(value);
}


/* The data of an empty one may be NULL. */

static u_char *
dt_value_add(u_char *p, const ngx_str_t *part)
{
    return part->len ? ngx_cpymem(p, part->data, part->len) : p;
}


static uint64_t
dt_value_size(const dt_value_head_t *head)
{
    return (sizeof(dt_value_head_t) + head->nslots * sizeof(dt_slot_t)
            + (uint64_t) head->etag + head->next + head->deps + head->body
            + 7) & ~(uint64_t) 7;
}


/* Against bytes lost on their way, not against an enemy.  Each fill pays for
 * it: four words at a time, so that the multiplications do not wait for each
 * other. */

static uint64_t
dt_value_sum(const u_char *block, size_t size)
{
    size_t      i;
    uint64_t    word, sum[DT_VALUE_LANES];
    ngx_uint_t  lane;

    for (lane = 0; lane < DT_VALUE_LANES; lane++) {
        sum[lane] = size + lane;
    }

    lane = 0;

    for (i = offsetof(dt_value_head_t, stamp); i < size; i += 8) {
        ngx_memcpy(&word, block + i, 8);
        sum[lane] = dt_value_mix(sum[lane], word);
        lane = (lane + 1) % DT_VALUE_LANES;
    }

    for (lane = 1; lane < DT_VALUE_LANES; lane++) {
        sum[0] = dt_value_mix(sum[0], sum[lane]);
    }

    return sum[0];
}


static ngx_inline uint64_t
dt_value_mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;

    return sum ^ (sum >> 32);
}


/* The reply writes over these places without looking again. */

static ngx_int_t
dt_value_check(const dt_value_cached_t *value)
{
    size_t      from;
    ngx_uint_t  i;
    dt_slot_t  *slot;

    from = 0;

    for (i = 0; i < value->nslots; i++) {
        slot = &value->slots[i];

        if ((slot->kind != DT_SLOT_FAVORITED
             && slot->kind != DT_SLOT_FOLLOWING)
            || slot->offset < from
            || value->body.len < DT_VALUE_FALSE
            || slot->offset > value->body.len - DT_VALUE_FALSE
            || ngx_memcmp(value->body.data + slot->offset, "false",
                          DT_VALUE_FALSE)
               != 0)
        {
            return NGX_ERROR;
        }

        from = slot->offset + DT_VALUE_FALSE;
    }

    return NGX_OK;
}
