/* The event in hand of a partition: read, applied, retried, buried. */

#include "dt_cache.h"
#include "dt_conf.h"
#include "dt_metrics.h"
#include "dt_partition_parts.h"
#include "dt_query.h"


/* An event that is refused so often is dead. */
#define DT_PARTITION_TRIES      3

#define DT_PARTITION_WAIT_MIN   100
#define DT_PARTITION_WAIT_MAX   2000


static ngx_int_t dt_partition_read(dt_partition_t *p);
static ngx_int_t dt_partition_copy(dt_partition_t *p,
    const dt_event_attributes_t *event);
static char *dt_partition_text(dt_partition_t *p, const void *data,
    size_t len);
static void dt_partition_apply(dt_partition_t *p);
static void dt_partition_applied(void *data, dt_error_e error,
    PGresult *result);
static void dt_partition_effect(dt_partition_t *p, PGresult *result);
static void dt_partition_refused(dt_partition_t *p, PGresult *result);
static void dt_partition_die(dt_partition_t *p, const char *reason);
static void dt_partition_bury(dt_partition_t *p);
static void dt_partition_buried(void *data, ngx_int_t result);
static void dt_partition_wait(dt_partition_t *p);


void
dt_partition_go(dt_partition_t *p)
{
    if (p->pool == NULL && dt_partition_read(p) != NGX_OK) {
        dt_partition_wait(p);

    } else if (p->dead) {
        dt_partition_bury(p);

    } else {
        dt_partition_apply(p);
    }
}


static ngx_int_t
dt_partition_read(dt_partition_t *p)
{
    const char             *wrong;
    rd_kafka_headers_t     *headers;
    dt_event_attributes_t   event;

    p->pool = ngx_create_pool(1024, p->all->log);
    if (p->pool == NULL) {
        return NGX_ERROR;
    }

    if (rd_kafka_message_headers(p->message, &headers)
        != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
        headers = NULL;
    }

    wrong = dt_event_decode(headers, &event);

    if (wrong == NULL) {
        wrong = dt_event_check(p->message);
    }

    if (wrong) {
        dt_partition_die(p, wrong);
        return NGX_OK;
    }

    if (dt_partition_copy(p, &event) != NGX_OK) {
        ngx_destroy_pool(p->pool);
        p->pool = NULL;
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* librdkafka's slices as C strings: dt_pg_submit() takes nothing else. */

static ngx_int_t
dt_partition_copy(dt_partition_t *p, const dt_event_attributes_t *event)
{
    char                 time[DT_EVENT_TIME];
    ngx_uint_t           i;
    rd_kafka_message_t  *m;

    m = p->message;

    p->values[0] = dt_partition_text(p, event->id.data, event->id.len);
    p->values[1] = dt_partition_text(p, event->type.data, event->type.len);
    p->values[2] = dt_partition_text(p, m->key, m->key_len);
    p->values[4] = dt_partition_text(p, m->payload, m->len);

    if (event->time.len) {
        p->values[3] = dt_partition_text(p, event->time.data,
                                         event->time.len);
    } else {
        dt_event_time(rd_kafka_message_timestamp(m, NULL), time);
        p->values[3] = dt_partition_text(p, time, ngx_strlen(time));
    }

    for (i = 0; i < DT_PARTITION_VALUES; i++) {
        if (p->values[i] == NULL) {
            return NGX_ERROR;
        }
    }

    p->id.data = (u_char *) p->values[0];
    p->id.len = event->id.len;

    return NGX_OK;
}


static char *
dt_partition_text(dt_partition_t *p, const void *data, size_t len)
{
    char  *text;

    text = ngx_pnalloc(p->pool, len + 1);

    if (text) {
        ngx_memcpy(text, data, len);
        text[len] = '\0';
    }

    return text;
}


static void
dt_partition_apply(dt_partition_t *p)
{
    if (dt_pg_submit(dt_service_pool(p->all->service),
                     p->subscription->effect, p->values, &p->id,
                     dt_partition_applied, p)
        == NULL)
    {
        dt_partition_wait(p);
        return;
    }

    p->busy = 1;
    p->all->busy++;
}


static void
dt_partition_applied(void *data, dt_error_e error, PGresult *result)
{
    dt_partition_t *p = data;

    if (error == DT_NO_ERROR) {
        dt_partition_effect(p, result);
    }

    if (dt_partition_landed(p) != NGX_OK) {
        return;
    }

    if (error == DT_NO_ERROR) {
        dt_partition_done(p);

    } else if (p->all->closing) {
        dt_partition_drop(p);

    } else if (error == DT_UNAVAILABLE) {
        dt_partition_wait(p);

    } else {
        dt_partition_refused(p, result);
    }

    dt_partition_quiet(p->all);
}


static void
dt_partition_effect(dt_partition_t *p, PGresult *result)
{
    int  repeated;

    dt_count(DT_M_EVENTS_CONSUMED, 1);

    if (PQntuples(result) == 0) {
        return;
    }

    repeated = dt_pg_column(result, "repeated");
    if (repeated != -1 && *PQgetvalue(result, 0, repeated) == 't') {
        dt_count(DT_M_EVENTS_REPEATED, 1);
    }

    dt_result_mark(result, 0);
}


static void
dt_partition_refused(dt_partition_t *p, PGresult *result)
{
    char         reason[DT_PARTITION_REASON];
    const char  *state, *text;

    if (++p->refused < DT_PARTITION_TRIES) {
        dt_partition_wait(p);
        return;
    }

    state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
                  : NULL;

    *ngx_snprintf((u_char *) reason, DT_PARTITION_REASON - 1, "%s %s",
                  state ? state : "XX000", text ? text : "")
        = '\0';

    dt_partition_die(p, reason);
    dt_partition_bury(p);
}


static void
dt_partition_die(dt_partition_t *p, const char *reason)
{
    ngx_log_error(NGX_LOG_ERR, p->all->log, 0,
                  "event \"%V\" of %s/%D/%L is dead: %s", &p->id,
                  p->subscription->topic, p->number, p->message->offset,
                  reason);

    (void) ngx_cpystrn((u_char *) p->reason, (u_char *) reason,
                       DT_PARTITION_REASON);

    p->dead = 1;
    p->waits = 0;
}


static void
dt_partition_bury(dt_partition_t *p)
{
    if (dt_kafka_bury(p->message, p->reason, dt_partition_buried, p)
        != NGX_OK)
    {
        dt_partition_wait(p);
        return;
    }

    p->busy = 1;
    p->all->busy++;
}


static void
dt_partition_buried(void *data, ngx_int_t result)
{
    dt_partition_t *p = data;

    if (result == NGX_OK) {
        dt_count(DT_M_EVENTS_DEAD, 1);
    }

    if (dt_partition_landed(p) != NGX_OK) {
        return;
    }

    if (result == NGX_OK) {
        dt_partition_done(p);

    } else if (p->all->closing) {
        dt_partition_drop(p);

    } else {
        dt_partition_wait(p);
    }

    dt_partition_quiet(p->all);
}


static void
dt_partition_wait(dt_partition_t *p)
{
    ngx_msec_t  delay;

    delay = DT_PARTITION_WAIT_MIN << ngx_min(p->waits, 8);
    p->waits++;

    ngx_add_timer(&p->retry, ngx_min(delay, DT_PARTITION_WAIT_MAX));
}


void
dt_partition_retry(ngx_event_t *event)
{
    dt_partition_go(event->data);
}
