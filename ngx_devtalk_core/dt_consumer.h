/*
 * The way of an event into a service: Kafka -> inbox and effect.
 *
 * One consumer a service and node, in the group named by the service.  A
 * partition's events are taken one after the other; an event's offset is
 * stored after its effect has committed.  The effect statement gets
 *     $1 event id, $2 type, $3 key, $4 time, $5 data (JSON text)
 * writes the id into the service's inbox in the same statement, does nothing
 * when it is there already, and may return mark and marks (dt_query.h).
 *
 * PostgreSQL away: the partition waits.  An event that is refused three times
 * goes to <topic>.dead with its reason.
 */

#ifndef _DT_CONSUMER_H_INCLUDED_
#define _DT_CONSUMER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_conf.h"


/* For core's init_process, in one worker for each service. */
ngx_int_t dt_consumer_start(ngx_cycle_t *cycle,
    const dt_service_conf_t *service);

/* For exit_process: leaves the groups. */
void dt_consumer_exit_worker(ngx_cycle_t *cycle);


#endif /* _DT_CONSUMER_H_INCLUDED_ */
