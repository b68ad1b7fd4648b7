/*
 * The cache's scripts in Redis (redis/<name>.lua say what they take and
 * return), and the greeting that each connection begins with: it loads them
 * and makes sure that the epoch is one of this server's life.
 */

#ifndef _DT_CACHE_SCRIPT_H_INCLUDED_
#define _DT_CACHE_SCRIPT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_cache_zone.h"
#include "dt_redis.h"


typedef enum {
    DT_SCRIPT_BEAT = 0,
    DT_SCRIPT_EPOCH,
    DT_SCRIPT_MARK,
    DT_SCRIPTS
} dt_script_e;

#define DT_SCRIPT_ARGS  8


/* For init_process, before Redis is connected.  "up" is called when it is. */
void dt_script_init_worker(dt_zone_t *zone, void (*up)(void));

/* As dt_redis_command(). */
dt_redis_op_t *dt_script_run(dt_script_e script, ngx_uint_t argc,
    const ngx_str_t *argv, dt_redis_done_pt done, void *data);

/* 1: the server has forgotten the scripts; they are loaded again, ahead of
 * whatever is sent from now on. */
ngx_uint_t dt_script_forgotten(const redisReply *reply);

/* Begins a new epoch if the zone has lost marks. */
void dt_script_mend(void);


#endif /* _DT_CACHE_SCRIPT_H_INCLUDED_ */
