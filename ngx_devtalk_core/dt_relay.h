/*
 * The way of an event out of a service: outbox -> Kafka.
 *
 * A relay for each service's schema; of all workers of all nodes the one
 * that holds the schema's advisory lock works.  It is woken by NOTIFY on
 * "<schema>_outbox", and polls once a second besides.  A row leaves the
 * outbox after Kafka's delivery report.  The row's cache marks are published
 * again on the way, should the worker that wrote have died before it could.
 */

#ifndef _DT_RELAY_H_INCLUDED_
#define _DT_RELAY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_conf.h"


/* For core's init_process, in one worker for each service. */
ngx_int_t dt_relay_start(ngx_cycle_t *cycle, const dt_service_conf_t *service);

/* A write of the service has committed in this worker: wakes the relay
 * wherever it is, by a NOTIFY of its own, at most one in 5 ms. */
void dt_relay_wake(const dt_service_t *service);


#endif /* _DT_RELAY_H_INCLUDED_ */
