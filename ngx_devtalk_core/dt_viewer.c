/*
 * The viewer's own fields of a shared value.
 */

#include "dt_core.h"


/* A slot as the set has it: a blank, its kind, an id, a blank. */
#define DT_VIEWER_SLOT  (NGX_INT64_LEN + 3)


static ngx_uint_t dt_viewer_many(const dt_value_cached_t *set);
static ngx_str_t dt_viewer_slots(dt_call_t *call);
static u_char dt_viewer_sees(const ngx_str_t *set, const dt_slot_t *slot);
static u_char *dt_viewer_slot(u_char *p, const dt_slot_t *slot);


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
    u_char  name[DT_VIEWER_SLOT], *p;

    name[0] = ' ';
    p = dt_viewer_slot(name + 1, slot);
    *p++ = ' ';

    return memmem(set->data, set->len, name, p - name) ? '1' : '0';
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

        if (i) {
            *p++ = ' ';
        }

        p = dt_viewer_slot(p, &shared->slots[i]);
    }

    *p = '\0';
    slots.len = p - slots.data;

    return slots;
}


static u_char *
dt_viewer_slot(u_char *p, const dt_slot_t *slot)
{
    *p++ = slot->kind == DT_SLOT_FAVORITED ? 'f' : 'o';

    return ngx_sprintf(p, "%L", slot->id);
}
