/*
 * The second level of the cache, in Redis.
 *
 *     devtalk:epoch            which marks and values count (redis/epoch.lua)
 *     devtalk:<epoch>:v:<key>  a value: its block
 *     devtalk:<epoch>:m:<dep>  the mark of a dependency, 20 digits
 *
 * Most questions are for a value that is not there, so it is asked for alone;
 * one that is there is good if the marks, asked for behind it, say so.
 *
 * A value is put there without a look at the marks: a slow reader's old one
 * may replace a newer one, and is then refused by all who find it, until one
 * of them has read anew.  It is safe as the marks outlive it: they last five
 * times as long as values do, and no reader is late by the difference.
 */

#ifndef _DT_CACHE_REDIS_H_INCLUDED_
#define _DT_CACHE_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_cache.h"
#include "dt_redis.h"


#define DT_EPOCH_LEN  32

typedef struct {
    size_t   len;                /* 0: none */
    u_char   text[DT_EPOCH_LEN];
} dt_epoch_t;


/* Ask; as dt_redis_command().  A value is asked for in the epoch that Redis
 * told last: "asked". */
dt_redis_op_t *dt_cache_redis_value(const ngx_str_t *key, dt_epoch_t *asked,
    dt_redis_done_pt done, void *data);
dt_redis_op_t *dt_cache_redis_marks(const dt_epoch_t *epoch,
    const ngx_str_t *deps, dt_redis_done_pt done, void *data);

/*
 * What was answered.
 *
 * dt_cache_redis_block() takes the value's block, which dies with the reply;
 * empty: it is not there, or of another epoch than the one that is now.
 * "epoch" is that of the answer, len 0 if the answer was none.  NGX_DECLINED:
 * Redis has no epoch at all, somebody has flushed it.
 *
 * dt_cache_redis_unmarked() is true if no mark is at or above the stamp, and
 * the epoch is still the one.
 */
ngx_int_t dt_cache_redis_block(const redisReply *reply,
    const dt_epoch_t *asked, dt_epoch_t *epoch, ngx_str_t *block);
ngx_uint_t dt_cache_redis_unmarked(const redisReply *reply,
    const dt_epoch_t *epoch, uint64_t stamp);

/*
 * Puts a value there; nobody waits.  "epoch" is the one in which its reader
 * began, so that nobody finds a value whose marks were lost with an older
 * one.
 */
void dt_cache_redis_fill(const dt_epoch_t *epoch, const ngx_str_t *key,
    const u_char *block, size_t size);


#endif /* _DT_CACHE_REDIS_H_INCLUDED_ */
