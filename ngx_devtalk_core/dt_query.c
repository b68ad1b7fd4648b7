/*
 * Statements as steps see them.
 */

#include "dt_core.h"


/*
 * What waits for PostgreSQL in the place of the call, which may be gone
 * first.  Lives in the call's pool: its cleanup forgets the unit, so nothing
 * points here afterwards.
 */
typedef struct {
    dt_call_t       *call;
    dt_pg_unit_t    *unit;      /* NULL once it has ended */
    ngx_msec_t       start;
    unsigned         try:1;     /* a conflict is for the next step */
} dt_query_wait_t;


static ngx_int_t dt_query_send(dt_call_t *call, const dt_sql_t *sql,
    const char *const *values, ngx_uint_t try);
static void dt_query_done(void *data, dt_error_e error, PGresult *result);
static void dt_query_abandon(void *data);
static void dt_query_orphaned(void *data, dt_error_e error,
    PGresult *result);
static void dt_query_conflict(dt_call_t *call, PGresult *result);
static dt_error_e dt_outcome_error(const ngx_str_t *outcome, size_t *len);
static ngx_int_t dt_cached_slots(dt_call_t *call, dt_value_cached_t *value,
    const ngx_str_t *ids);
static u_char *dt_cached_slot_find(u_char *p, u_char *last, ngx_uint_t kind);


typedef struct {
    ngx_str_t    word;
    dt_error_e   error;
    const char  *message;
} dt_outcome_t;


static const dt_outcome_t  dt_outcomes[] = {
    { ngx_string("not_found"),    DT_NOT_FOUND,    "not found" },
    { ngx_string("forbidden"),    DT_FORBIDDEN,    "forbidden" },
    { ngx_string("taken"),        DT_CONFLICT,     "has already been taken" },
    { ngx_string("stale"),        DT_STALE,        "has changed" },
    { ngx_string("invalid"),      DT_INVALID,      "is invalid" },
    { ngx_string("unauthorized"), DT_UNAUTHORIZED, "invalid" },
    { ngx_null_string, DT_NO_ERROR, NULL }
};


ngx_int_t
dt_query(dt_call_t *call, const dt_sql_t *sql, const char *const *values)
{
    return dt_query_send(call, sql, values, 0);
}


ngx_int_t
dt_query_try(dt_call_t *call, const dt_sql_t *sql, const char *const *values)
{
    return dt_query_send(call, sql, values, 1);
}


static ngx_int_t
dt_query_send(dt_call_t *call, const dt_sql_t *sql, const char *const *values,
    ngx_uint_t try)
{
    dt_query_wait_t     *wait;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(call->pool, sizeof(dt_query_wait_t));
    if (cln == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    wait = cln->data;
    wait->call = call;
    wait->unit = NULL;
    wait->start = ngx_current_msec;
    wait->try = try;

    cln->handler = dt_query_abandon;

    call->rows = NULL;

    wait->unit = dt_pg_submit(dt_service_pool(call->match.service), sql,
                              values, &call->id, dt_query_done, wait);
    if (wait->unit == NULL) {
        return dt_fail(call, DT_UNAVAILABLE, NULL, NULL);
    }

    return DT_PARKED;
}


static void
dt_query_done(void *data, dt_error_e error, PGresult *result)
{
    dt_query_wait_t *wait = data;

    dt_call_t  *call;

    call = wait->call;
    wait->unit = NULL;
    call->pg_time += ngx_current_msec - wait->start;

    if (error == DT_CONFLICT && wait->try) {
        dt_call_resume(call);
        return;
    }

    if (error == DT_CONFLICT) {
        dt_query_conflict(call, result);
    }

    if (error != DT_NO_ERROR) {
        dt_call_fail(call, error);
        return;
    }

    call->rows = dt_pg_keep(call->pool, result);
    if (call->rows == NULL) {
        dt_call_fail(call, DT_INTERNAL);
        return;
    }

    dt_call_resume(call);
}


static void
dt_query_abandon(void *data)
{
    dt_query_wait_t *wait = data;

    if (wait->unit) {
        dt_pg_orphan(wait->unit, dt_query_orphaned);
    }
}


/* The client has left, but what it wrote was written: every node must know. */

static void
dt_query_orphaned(void *data, dt_error_e error, PGresult *result)
{
    if (error == DT_NO_ERROR) {
        dt_result_mark(result, 0);
    }
}


void
dt_result_mark(const PGresult *result, int row)
{
    int        mark, marks;
    ngx_str_t  names;

    mark = dt_pg_column(result, "mark");
    marks = dt_pg_column(result, "marks");

    if (mark == -1 || marks == -1 || row >= PQntuples(result)) {
        return;
    }

    names.data = (u_char *) PQgetvalue(result, row, marks);
    names.len = PQgetlength(result, row, marks);

    if (names.len) {
        dt_cache_mark_now(&names,
                          strtoull(PQgetvalue(result, row, mark), NULL, 10));
    }
}


/* "users_email_key" refused: the field is "email". */

static void
dt_query_conflict(dt_call_t *call, PGresult *result)
{
    ngx_str_t    field;
    const char  *name, *start, *end;

    name = dt_pg_constraint(result);
    start = ngx_strchr(name, '_');
    end = strrchr(name, '_');

    if (start == NULL || end <= start + 1) {
        return;
    }

    field = dt_call_format(call, "%*s", (size_t) (end - start - 1),
                           start + 1);

    if (field.data) {
        dt_problem_add(&call->problems, (const char *) field.data,
                       "has already been taken");
    }
}


ngx_str_t
dt_column(dt_call_t *call, const char *name)
{
    int        column;
    ngx_str_t  value;

    ngx_str_null(&value);

    if (call->rows == NULL || PQntuples(call->rows) == 0) {
        return value;
    }

    column = dt_pg_column(call->rows, name);

    if (column == -1 || PQgetisnull(call->rows, 0, column)) {
        return value;
    }

    value.data = (u_char *) PQgetvalue(call->rows, 0, column);
    value.len = PQgetlength(call->rows, 0, column);

    return value;
}


ngx_int_t
dt_outcome(dt_call_t *call)
{
    size_t       len;
    ngx_str_t    outcome, field, mark;
    dt_error_e   error;
    ngx_uint_t   i;

    outcome = dt_column(call, "outcome");

    if (outcome.len == 2 && ngx_strncmp(outcome.data, "ok", 2) == 0) {

        mark = dt_column(call, "mark");
        call->mark = mark.len ? strtoull((char *) mark.data, NULL, 10) : 0;
        call->marks = dt_column(call, "marks");

        return DT_NEXT;
    }

    error = dt_outcome_error(&outcome, &len);

    if (error == DT_NO_ERROR) {
        ngx_log_error(NGX_LOG_CRIT, call->request->connection->log, 0,
                      "devtalk: a statement's outcome \"%V\" on \"%s\"",
                      &outcome, call->match.route->pattern);
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    field = dt_call_format(call, "%*s", outcome.len - len,
                           outcome.data + len);
    if (field.data == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    for (i = 0; dt_outcomes[i].error != error; i++) { /* void */ }

    return dt_fail(call, error, (const char *) field.data,
                   dt_outcomes[i].message);
}


/* "*len" is the place of the field in "<word>:<field>". */

static dt_error_e
dt_outcome_error(const ngx_str_t *outcome, size_t *len)
{
    const dt_outcome_t  *o;

    for (o = dt_outcomes; o->error; o++) {

        if (outcome->len > o->word.len + 1
            && outcome->data[o->word.len] == ':'
            && ngx_strncmp(outcome->data, o->word.data, o->word.len) == 0)
        {
            *len = o->word.len + 1;
            return o->error;
        }
    }

    return DT_NO_ERROR;
}


ngx_int_t
dt_cached_from_row(dt_call_t *call)
{
    ngx_str_t           ids, stamp;
    dt_value_cached_t  *value;

    call->cached = NULL;

    if (PQntuples(call->rows) == 0) {
        return DT_NEXT;
    }

    value = ngx_pcalloc(call->pool, sizeof(dt_value_cached_t));
    if (value == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    stamp = dt_column(call, "stamp");
    ids = dt_column(call, "slots");

    value->stamp = stamp.len ? strtoull((char *) stamp.data, NULL, 10) : 0;
    value->body = dt_column(call, "reply");
    value->etag = dt_column(call, "etag");
    value->next = dt_column(call, "next");
    value->deps = dt_column(call, "deps");

    if (dt_cached_slots(call, value, &ids) != NGX_OK) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    call->cached = value;

    return DT_NEXT;
}


/*
 * The n-th id belongs to the n-th "favorited":false or "following":false of
 * the text.  A text of a user's cannot forge one: inside a JSON string the
 * quotes are escaped.
 */

static ngx_int_t
dt_cached_slots(dt_call_t *call, dt_value_cached_t *value,
    const ngx_str_t *ids)
{
    u_char      *p, *id, *end, *last;
    dt_slot_t   *slot;
    ngx_uint_t   n;

    if (ids->len == 0) {
        return NGX_OK;
    }

    n = 1;

    for (id = ids->data; id < ids->data + ids->len; id++) {
        n += *id == ' ';
    }

    value->slots = ngx_palloc(call->pool, n * sizeof(dt_slot_t));
    if (value->slots == NULL) {
        return NGX_ERROR;
    }

    p = value->body.data;
    last = p + value->body.len;
    id = ids->data;
    end = id + ids->len;

    while (id < end && value->nslots < n) {

        slot = &value->slots[value->nslots];
        slot->kind = *id == 'f' ? DT_SLOT_FAVORITED : DT_SLOT_FOLLOWING;
        slot->id = strtoll((char *) id + 1, (char **) &id, 10);

        p = dt_cached_slot_find(p, last, slot->kind);

        if (p == NULL) {
            ngx_log_error(NGX_LOG_CRIT, call->request->connection->log, 0,
                          "devtalk: slots \"%V\" do not fit the reply of "
                          "\"%s\"", ids, call->match.route->pattern);
            return NGX_ERROR;
        }

        slot->offset = p - value->body.data;
        value->nslots++;

        while (id < end && *id == ' ') {
            id++;
        }
    }

    return NGX_OK;
}


static u_char *
dt_cached_slot_find(u_char *p, u_char *last, ngx_uint_t kind)
{
    ngx_str_t               *mark;
    static ngx_str_t         favorited = ngx_string("\"favorited\":false");
    static ngx_str_t         following = ngx_string("\"following\":false");

    mark = kind == DT_SLOT_FAVORITED ? &favorited : &following;

    p = memmem(p, last - p, mark->data, mark->len);

    return p ? p + mark->len - (sizeof("false") - 1) : NULL;
}
