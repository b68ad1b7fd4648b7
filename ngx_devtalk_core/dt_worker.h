/*
 * A worker's start and end: the one place that knows their order.
 */

#ifndef _DT_WORKER_H_INCLUDED_
#define _DT_WORKER_H_INCLUDED_


#include "dt_conf.h"


/* init_process and exit_process of core.  Both also run in nginx's cache
 * helpers, where they do nothing. */
ngx_int_t dt_worker_init(ngx_cycle_t *cycle);
void dt_worker_exit(ngx_cycle_t *cycle);

/* Joins services, pools and routes once the http block is read. */
ngx_int_t dt_services_configure(ngx_conf_t *cf, dt_main_conf_t *dmcf);


#endif /* _DT_WORKER_H_INCLUDED_ */
