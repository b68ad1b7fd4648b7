/* The signal of a writing worker to the relay, wherever it runs. */

#include "dt_conf.h"
#include "dt_relay.h"
#include "core_sql.h"


#define DT_RELAY_COALESCE  5


typedef struct {
    const dt_service_t  *service;
    ngx_event_t          timer;
} dt_relay_wake_t;


static void dt_relay_wake_send(ngx_event_t *event);
static void dt_relay_wake_sent(void *data, dt_error_e error,
    PGresult *result);


/* By the services' places; of this worker, made at the first use. */

static dt_relay_wake_t  *dt_relay_wakes;


void
dt_relay_wake(const dt_service_t *service)
{
    dt_relay_wake_t  *wake;

    if (dt_main_conf()->kafka_brokers.len == 0) {
        return;
    }

    if (dt_relay_wakes == NULL) {
        dt_relay_wakes = ngx_pcalloc(ngx_cycle->pool,
                                     dt_main_conf()->services.nelts
                                     * sizeof(dt_relay_wake_t));
        if (dt_relay_wakes == NULL) {
            return;
        }
    }

    wake = &dt_relay_wakes[dt_service_index(service)];

    if (wake->timer.timer_set) {
        return;
    }

    wake->service = service;
    wake->timer.handler = dt_relay_wake_send;
    wake->timer.data = wake;
    wake->timer.log = ngx_cycle->log;

    ngx_add_timer(&wake->timer, DT_RELAY_COALESCE);
}


/* The relay polls: a signal that is refused or lost costs a second. */

static void
dt_relay_wake_send(ngx_event_t *event)
{
    dt_relay_wake_t *wake = event->data;

    (void) dt_pg_submit(dt_service_pool(wake->service), &sql_outbox_wake,
                        NULL, NULL, dt_relay_wake_sent, wake);
}


static void
dt_relay_wake_sent(void *data, dt_error_e error, PGresult *result)
{
    /* see above */
}
