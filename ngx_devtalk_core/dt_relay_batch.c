/* Rows of an outbox on their way to Kafka. */

#include "dt_cache_zone.h"
#include "dt_metrics.h"
#include "dt_relay_parts.h"
#include "core_sql.h"


/* Names of dependencies that are marked at once, in bytes. */
#define DT_RELAY_MARKS  4096


typedef struct {
    uint64_t    mark;
    ngx_str_t   names;                 /* between blanks, each once */
    u_char      text[DT_RELAY_MARKS];
} dt_relay_marks_t;


static void dt_relay_mark(PGresult *result, int n);
static void dt_relay_mark_row(dt_relay_marks_t *marks, PGresult *result,
    int row);
static void dt_relay_mark_name(dt_relay_marks_t *marks,
    const ngx_str_t *name);
static ngx_int_t dt_relay_produce(dt_relay_t *relay, PGresult *result,
    int row);
static void dt_relay_delivered(void *data, ngx_int_t result);
static ngx_uint_t dt_relay_ids(dt_relay_t *relay);
static void dt_relay_deleted(void *data, dt_error_e error, PGresult *result);


void
dt_relay_batch(void *data, dt_error_e error, PGresult *result)
{
    int          i, n;
    ngx_int_t    rc;
    dt_relay_t  *relay = data;

    relay->asking = 0;

    if (error != DT_NO_ERROR) {
        relay->resting = 1;
        dt_relay_run(relay);
        return;
    }

    /* The statement may have been sent again on a session that does not
     * hold the lock. */

    n = (relay->held && !relay->leaving) ? PQntuples(result) : 0;
    rc = NGX_OK;

    dt_relay_mark(result, n);

    for (i = 0; i < n && i < DT_RELAY_BATCH; i++) {
        rc = dt_relay_produce(relay, result, i);
        if (rc != NGX_OK) {
            break;
        }
    }

    relay->nrows = i;
    relay->waiting = i;
    relay->failed = 0;

    if (rc != NGX_OK && i == 0) {
        relay->resting = 1;

    } else if (rc != NGX_OK || i == DT_RELAY_BATCH) {
        relay->more = 1;
    }

    dt_relay_run(relay);
}


/*
 * Should the worker that wrote have died before it could.  All at once, by
 * the highest mark: every transaction of these rows has ended, so a value
 * that is refused for it needlessly is read again, and that is all.
 */

static void
dt_relay_mark(PGresult *result, int n)
{
    int               row;
    dt_relay_marks_t  marks;

    marks.mark = 0;
    marks.names.data = marks.text;
    marks.names.len = 0;

    for (row = 0; row < n; row++) {
        dt_relay_mark_row(&marks, result, row);
    }

    dt_cache_mark_now(&marks.names, marks.mark);
}


static void
dt_relay_mark_row(dt_relay_marks_t *marks, PGresult *result, int row)
{
    uint64_t   mark;
    ngx_str_t  names, name;

    mark = strtoull(dt_relay_column(result, row, "mark"), NULL, 10);
    marks->mark = ngx_max(marks->mark, mark);

    names.data = (u_char *) dt_relay_column(result, row, "marks");
    names.len = ngx_strlen(names.data);

    while (dt_zone_word(&names, &name)) {
        dt_relay_mark_name(marks, &name);
    }
}


static void
dt_relay_mark_name(dt_relay_marks_t *marks, const ngx_str_t *name)
{
    u_char  word[DT_CACHE_DEP + 2], *p;

    if (name->len > DT_CACHE_DEP) {
        return;
    }

    p = ngx_sprintf(word, " %V ", name);

    if (memmem(marks->text, marks->names.len, word, p - word)) {
        return;
    }

    if (marks->names.len + name->len + 2 > DT_RELAY_MARKS) {
        dt_cache_mark_now(&marks->names, marks->mark);
        marks->names.len = 0;
    }

    p = marks->text + marks->names.len;

    if (marks->names.len == 0) {
        *p++ = ' ';
    }

    p = ngx_sprintf(p, "%V ", name);
    marks->names.len = p - marks->text;
}


static ngx_int_t
dt_relay_produce(dt_relay_t *relay, PGresult *result, int row)
{
    ngx_int_t        rc;
    dt_event_t       event;
    const char      *trace;
    dt_relay_row_t  *r;

    trace = dt_relay_column(result, row, "traceparent");

    event.topic = dt_relay_column(result, row, "topic");
    event.key = dt_relay_column(result, row, "key");
    event.id = dt_relay_column(result, row, "event_id");
    event.type = dt_relay_column(result, row, "type");
    event.source = (char *) relay->source.data;
    event.time = dt_relay_column(result, row, "created_at");
    event.traceparent = *trace ? trace : NULL;
    event.data = dt_relay_column(result, row, "data");
    event.len = ngx_strlen(event.data);

    r = &relay->rows[row];
    r->relay = relay;
    r->id = strtoll(dt_relay_column(result, row, "id"), NULL, 10);
    r->delivered = 0;

    rc = dt_kafka_produce(&event, dt_relay_delivered, r);

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, relay->log, 0,
                      "the outbox of \"%s\" waits: row %L, event %s, was "
                      "refused", relay->name, r->id, event.id);
    }

    return rc;
}


static void
dt_relay_delivered(void *data, ngx_int_t result)
{
    dt_relay_row_t  *row = data;
    dt_relay_t      *relay = row->relay;

    relay->waiting--;

    if (result == NGX_OK) {
        row->delivered = 1;
        dt_count(DT_M_EVENTS_PUBLISHED, 1);

    } else {
        relay->failed = 1;
    }

    dt_relay_run(relay);
}


void
dt_relay_delete(dt_relay_t *relay)
{
    if (dt_relay_ids(relay) == 0) {
        relay->nrows = 0;
        relay->resting = 1;
        dt_relay_run(relay);
        return;
    }

    dt_relay_ask(relay, &sql_outbox_delete, (char *) relay->ids,
                 dt_relay_deleted);
}


/* The rows that were delivered, as an array literal; their number. */

static ngx_uint_t
dt_relay_ids(dt_relay_t *relay)
{
    u_char      *p;
    ngx_uint_t   i, n;

    n = 0;
    p = relay->ids;

    for (i = 0; i < relay->nrows; i++) {
        if (relay->rows[i].delivered) {
            *p++ = n++ ? ',' : '{';
            p = ngx_sprintf(p, "%L", relay->rows[i].id);
        }
    }

    *p++ = '}';
    *p = '\0';

    return n;
}


static void
dt_relay_deleted(void *data, dt_error_e error, PGresult *result)
{
    dt_relay_t *relay = data;

    relay->asking = 0;

    if (error != DT_NO_ERROR) {

        /* again at the next tick */

        relay->resting = 1;

    } else {
        relay->nrows = 0;
        relay->resting = relay->failed;
    }

    dt_relay_run(relay);
}
