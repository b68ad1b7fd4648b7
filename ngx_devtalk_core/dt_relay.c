/*
 * A relay.  All it does is one thing after the other: take the lock, read
 * the oldest rows, give them to Kafka, wait for all reports, delete what was
 * delivered, and again from the oldest row.  So a row that failed is sent
 * again before any later one of its key that was not sent yet, and what the
 * outbox does not hold any more is in Kafka.
 */

#include "dt_conf.h"
#include "dt_metrics.h"
#include "dt_relay_parts.h"
#include "core_sql.h"


/* The relay's clock: lock, poll, lag. */
#define DT_RELAY_TICK      1000

/* A leaving worker waits so long for Kafka's reports. */
#define DT_RELAY_LEAVE     3000

/* The inbox is trimmed each hour to what Kafka may still hold: twice the
 * retention of the topics. */
#define DT_RELAY_TRIM      3600
#define DT_RELAY_DAYS_S    "14"


static dt_pg_pool_t *dt_relay_pool(ngx_cycle_t *cycle, dt_relay_t *relay,
    const dt_service_conf_t *service);
static void dt_relay_ready(void *data);
static void dt_relay_lost(void *data);
static void dt_relay_notified(void *data);
static void dt_relay_tick(ngx_event_t *event);
static void dt_relay_locked(void *data, dt_error_e error, PGresult *result);
static void dt_relay_trim(dt_relay_t *relay);
static void dt_relay_trimmed(void *data, dt_error_e error, PGresult *result);
static void dt_relay_measure(dt_relay_t *relay);
static void dt_relay_measured(void *data, dt_error_e error, PGresult *result);
static void dt_relay_leave(void *data);
static void dt_relay_unlock(dt_relay_t *relay);
static void dt_relay_unlocked(void *data, dt_error_e error, PGresult *result);
static void dt_relay_left(dt_relay_t *relay);


static const dt_sql_t *const  dt_relay_statements[] = {
    &sql_relay_lock,
    &sql_relay_unlock,
    &sql_outbox_batch,
    &sql_outbox_delete,
    &sql_outbox_lag,
    &sql_inbox_trim,
    NULL
};


ngx_int_t
dt_relay_start(ngx_cycle_t *cycle, const dt_service_conf_t *service)
{
    u_char      *p;
    dt_relay_t  *relay;

    relay = ngx_pcalloc(cycle->pool, sizeof(dt_relay_t));
    if (relay == NULL) {
        return NGX_ERROR;
    }

    relay->name = service->service->name;
    relay->service = dt_service_index(service->service);
    relay->log = cycle->log;

    relay->source.len = sizeof("/devtalk/") - 1 + ngx_strlen(relay->name);
    p = ngx_pnalloc(cycle->pool, relay->source.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    relay->source.data = p;
    *ngx_sprintf(p, "/devtalk/%s", relay->name) = '\0';

    relay->watch = dt_kafka_watch(dt_relay_leave, relay);
    if (relay->watch == NULL) {
        return NGX_ERROR;
    }

    relay->pool = dt_relay_pool(cycle, relay, service);
    if (relay->pool == NULL) {
        return NGX_ERROR;
    }

    relay->tick.handler = dt_relay_tick;
    relay->tick.data = relay;
    relay->tick.log = cycle->log;
    relay->tick.cancelable = 1;
    ngx_add_timer(&relay->tick, DT_RELAY_TICK);

    return NGX_OK;
}


static dt_pg_pool_t *
dt_relay_pool(ngx_cycle_t *cycle, dt_relay_t *relay,
    const dt_service_conf_t *service)
{
    u_char             *channel;
    dt_pg_conf_t       *conf;
    dt_pg_pool_init_t   init;

    conf = ngx_palloc(cycle->pool, sizeof(dt_pg_conf_t));
    channel = ngx_pnalloc(cycle->pool, ngx_strlen(relay->name)
                                       + sizeof("_outbox"));
    if (conf == NULL || channel == NULL) {
        return NULL;
    }

    *ngx_sprintf(channel, "%s_outbox", relay->name) = '\0';

    /* The lock is the session's, so there is exactly one. */

    *conf = *service->pg;
    conf->connections = 1;
    conf->slow = 0;
    conf->queue = 8;

    ngx_memzero(&init, sizeof(dt_pg_pool_init_t));
    init.conf = conf;
    init.statements = dt_relay_statements;
    init.listen = (char *) channel;
    init.on_ready = dt_relay_ready;
    init.on_lost = dt_relay_lost;
    init.on_notify = dt_relay_notified;
    init.data = relay;

    return dt_pg_pool_create(cycle, &init);
}


static void
dt_relay_ready(void *data)
{
    dt_relay_t *relay = data;

    relay->ready = 1;
    relay->held = 0;
    relay->resting = 0;

    dt_relay_run(relay);
}


/* With the session went the lock.  Rows that Kafka still has to report are
 * waited for all the same: what is delivered may be deleted by anyone. */

static void
dt_relay_lost(void *data)
{
    dt_relay_t *relay = data;

    relay->ready = 0;
    relay->held = 0;

    dt_gauge(DT_G_OUTBOX_LAG, relay->service, 0);
    dt_gauge(DT_G_OUTBOX_AGE, relay->service, 0);

    if (relay->leaving) {
        dt_relay_left(relay);
    }
}


static void
dt_relay_notified(void *data)
{
    dt_relay_t *relay = data;

    relay->more = 1;

    dt_relay_run(relay);
}


static void
dt_relay_tick(ngx_event_t *event)
{
    dt_relay_t *relay = event->data;

    if (relay->leaving) {

        /* Kafka did not report in time: who has the lock next sends those
         * rows again. */

        if (relay->held && !relay->asking) {
            dt_relay_unlock(relay);
        }

        dt_relay_left(relay);
        return;
    }

    ngx_add_timer(event, DT_RELAY_TICK);

    relay->more = 1;
    relay->resting = 0;

    if (relay->held) {
        dt_relay_measure(relay);
        dt_relay_trim(relay);
    }

    dt_relay_run(relay);
}


void
dt_relay_run(dt_relay_t *relay)
{
    if (relay->left || relay->asking || relay->waiting || !relay->ready) {
        return;
    }

    if (relay->nrows && !relay->resting) {
        dt_relay_delete(relay);

    } else if (relay->leaving) {
        if (relay->held) {
            dt_relay_unlock(relay);
        } else {
            dt_relay_left(relay);
        }

    } else if (relay->resting) {
        return;

    } else if (!relay->held) {
        dt_relay_ask(relay, &sql_relay_lock, NULL, dt_relay_locked);

    } else if (relay->more) {
        relay->more = 0;
        dt_relay_ask(relay, &sql_outbox_batch, DT_RELAY_BATCH_S,
                     dt_relay_batch);
    }
}


void
dt_relay_ask(dt_relay_t *relay, const dt_sql_t *sql, const char *value,
    dt_pg_done_pt done)
{
    if (dt_pg_submit(relay->pool, sql, &value, NULL, done, relay)) {
        relay->asking = 1;

    } else {
        relay->resting = 1;
    }
}


static void
dt_relay_locked(void *data, dt_error_e error, PGresult *result)
{
    dt_relay_t *relay = data;

    relay->asking = 0;

    if (error == DT_NO_ERROR && relay->ready
        && ngx_strcmp(dt_relay_column(result, 0, "held"), "t") == 0)
    {
        relay->held = 1;
        relay->more = 1;
        ngx_log_error(NGX_LOG_NOTICE, relay->log, 0,
                      "this worker relays the outbox of \"%s\"", relay->name);

    } else {
        relay->resting = 1;
    }

    dt_relay_run(relay);
}


/* Housekeeping that one worker of all has to do: who holds the lock. */

static void
dt_relay_trim(dt_relay_t *relay)
{
    static const char *const  days[] = { DT_RELAY_DAYS_S };

    if (!relay->trimming
        && ngx_time() - relay->trimmed >= DT_RELAY_TRIM
        && dt_pg_submit(relay->pool, &sql_inbox_trim, days, NULL,
                        dt_relay_trimmed, relay))
    {
        relay->trimming = 1;
    }
}


static void
dt_relay_trimmed(void *data, dt_error_e error, PGresult *result)
{
    dt_relay_t *relay = data;

    relay->trimming = 0;

    /* While some are found, each tick removes more; after an error the next
     * hour will do. */

    if (error != DT_NO_ERROR || strtoul(PQcmdTuples(result), NULL, 10) == 0) {
        relay->trimmed = ngx_time();
    }
}


static void
dt_relay_measure(dt_relay_t *relay)
{
    if (!relay->measuring
        && dt_pg_submit(relay->pool, &sql_outbox_lag, NULL, NULL,
                        dt_relay_measured, relay))
    {
        relay->measuring = 1;
    }
}


static void
dt_relay_measured(void *data, dt_error_e error, PGresult *result)
{
    dt_relay_t *relay = data;

    relay->measuring = 0;

    if (error == DT_NO_ERROR && relay->held) {
        dt_gauge(DT_G_OUTBOX_LAG, relay->service,
                 strtoul(dt_relay_column(result, 0, "rows"), NULL, 10));
        dt_gauge(DT_G_OUTBOX_AGE, relay->service,
                 strtoul(dt_relay_column(result, 0, "age"), NULL, 10));
    }
}


/* A graceful exit: takes nothing new, deletes what is delivered, and lets
 * another worker have the lock, as this one may live long for its clients. */

static void
dt_relay_leave(void *data)
{
    dt_relay_t *relay = data;

    if (!ngx_exiting || relay->leaving) {
        return;
    }

    relay->leaving = 1;
    relay->resting = 0;

    relay->tick.cancelable = 0;
    ngx_add_timer(&relay->tick, DT_RELAY_LEAVE);

    if (!relay->ready) {
        dt_relay_left(relay);
        return;
    }

    dt_relay_run(relay);
}


static void
dt_relay_unlock(dt_relay_t *relay)
{
    relay->held = 0;

    dt_relay_ask(relay, &sql_relay_unlock, NULL, dt_relay_unlocked);

    if (!relay->asking) {
        dt_relay_left(relay);
    }
}


static void
dt_relay_unlocked(void *data, dt_error_e error, PGresult *result)
{
    dt_relay_t *relay = data;

    relay->asking = 0;

    dt_relay_left(relay);
}


static void
dt_relay_left(dt_relay_t *relay)
{
    relay->left = 1;

    if (relay->tick.timer_set) {
        ngx_del_timer(&relay->tick);
    }

    dt_gauge(DT_G_OUTBOX_LAG, relay->service, 0);
    dt_gauge(DT_G_OUTBOX_AGE, relay->service, 0);
}


const char *
dt_relay_column(PGresult *result, int row, const char *name)
{
    int  column;

    column = dt_pg_column(result, name);

    return column == -1 ? "" : PQgetvalue(result, row, column);
}
