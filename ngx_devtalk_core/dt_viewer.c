/*
 * The viewer's own fields of a shared value.
 */

#include "dt_core.h"


/* A slot in column "slots": a blank, its kind, an id. */
#define DT_VIEWER_SLOT  (NGX_INT64_LEN + 2)


static ngx_uint_t dt_viewer_many(const dt_value_cached_t *set);
static ngx_str_t dt_viewer_slots(dt_call_t *call);
static u_char dt_viewer_sees(const ngx_str_t *set, const dt_slot_t *slot);
static int ngx_libc_cdecl dt_viewer_compare(const void *name,
    const void *other);
static u_char dt_viewer_kind(const dt_slot_t *slot);


ngx_int_t
dt_viewer_key(dt_call_t *call)
{
    call->shared = call->cached;

    if (call->viewer.user == 0 || call->shared->nslots == 0) {
        dt_call_skip(call, dt_viewer_seen);
        return DT_NEXT;
    }

    call->cache_key = dt_call_format(call, "viewer:%s:%L",
                                     call->match.service->name,
                                     call->viewer.user);

    return call->cache_key.data ? DT_NEXT
                                : dt_fail(call, DT_INTERNAL, NULL, NULL);
}


ngx_int_t
dt_viewer_select(dt_call_t *call, const dt_sql_t *sql)
{
    const char  *values[] = { dt_call_viewer(call) };

    return values[0] ? dt_query(call, sql, values)
                     : dt_fail(call, DT_INTERNAL, NULL, NULL);
}


ngx_int_t
dt_viewer_ask(dt_call_t *call, const dt_sql_t *sql)
{
    ngx_str_t    slots;
    const char  *values[2];

    if (!dt_viewer_many(call->cached)) {
        return DT_NEXT;
    }

    slots = dt_viewer_slots(call);
    if (slots.data == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    values[0] = dt_call_viewer(call);
    values[1] = (char *) slots.data;

    return dt_query(call, sql, values);
}


ngx_int_t
dt_viewer_seen(dt_call_t *call)
{
    u_char             *seen;
    ngx_str_t           set;
    ngx_uint_t          i;
    dt_value_cached_t  *shared;

    shared = call->shared;
    set = call->cached->body;

    if (dt_viewer_many(call->cached)) {
        call->cached = shared;
        call->seen = dt_column(call, "seen");
        return DT_NEXT;
    }

    seen = ngx_pnalloc(call->pool, shared->nslots);
    if (seen == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    for (i = 0; i < shared->nslots; i++) {
        seen[i] = dt_viewer_sees(&set, &shared->slots[i]);
    }

    call->cached = shared;
    call->seen.data = seen;
    call->seen.len = shared->nslots;

    return DT_NEXT;
}


static ngx_uint_t
dt_viewer_many(const dt_value_cached_t *set)
{
    return set->body.len == 1 && set->body.data[0] == '*';
}


static u_char
dt_viewer_sees(const ngx_str_t *set, const dt_slot_t *slot)
{
    u_char  name[1 + 2 * sizeof(uint64_t)];

    /* 44 bits: more articles than anybody will write */

    (void) ngx_sprintf(name, "%c%011xL", dt_viewer_kind(slot),
                       (uint64_t) slot->id);

    return bsearch(name, set->data, set->len / DT_VIEWER_NAME,
                   DT_VIEWER_NAME, dt_viewer_compare)
           ? '1' : '0';
}


static int ngx_libc_cdecl
dt_viewer_compare(const void *name, const void *other)
{
    return ngx_memcmp(name, other, DT_VIEWER_NAME);
}


static u_char
dt_viewer_kind(const dt_slot_t *slot)
{
    return slot->kind == DT_SLOT_FAVORITED ? 'f' : 'o';
}


/* The slots of the shared value as column "slots" has them. */

static ngx_str_t
dt_viewer_slots(dt_call_t *call)
{
    u_char             *p;
    ngx_str_t           slots;
    ngx_uint_t          i;
    dt_value_cached_t  *shared;

    shared = call->shared;

    slots.len = 0;
    slots.data = ngx_pnalloc(call->pool, shared->nslots * DT_VIEWER_SLOT + 1);
    if (slots.data == NULL) {
        return slots;
    }

    p = slots.data;

    for (i = 0; i < shared->nslots; i++) {

        p = ngx_sprintf(p, "%s%c%L", i ? " " : "",
                        dt_viewer_kind(&shared->slots[i]),
                        shared->slots[i].id);
    }

    *p = '\0';
    slots.len = p - slots.data;

    return slots;
}
