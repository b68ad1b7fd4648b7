/*
 * The node among the others: hears their marks and acknowledges them, tells
 * them its own, and knows for how long it may trust what it has heard.
 *
 * Each worker listens to a channel of its own for acknowledgements; the first
 * worker of a node also hears marks, and sends a beat to itself: when it
 * comes back, all marks published before it have come too.
 */

#ifndef _DT_CACHE_NODE_H_INCLUDED_
#define _DT_CACHE_NODE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_cache_zone.h"


ngx_int_t dt_node_init_worker(ngx_cycle_t *cycle, dt_zone_t *zone);

/* NULL: no cache is configured. */
dt_zone_t *dt_node_zone(void);

/* "<16 hex digits>", and the number of the worker's channel. */
const ngx_str_t *dt_node_name(void);
const ngx_str_t *dt_node_slot(void);


/* dt_cache_mark.c: another node has acknowledged a mark of this worker. */
void dt_mark_acknowledged(uint64_t seq, uint64_t node);


#endif /* _DT_CACHE_NODE_H_INCLUDED_ */
