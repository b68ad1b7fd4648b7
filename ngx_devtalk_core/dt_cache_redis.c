/*
 * The second level of the cache, in Redis.
 */

#include "dt_cache_redis.h"
#include "dt_cache_zone.h"
#include "dt_core.h"


#define DT_CACHE_NAME  (sizeof("devtalk::v:") + DT_EPOCH_LEN)


static ngx_uint_t dt_cache_redis_same(const redisReply *reply,
    const dt_epoch_t *epoch);
static void dt_cache_redis_filled(void *data, redisReply *reply);
static size_t dt_cache_redis_name(u_char *name, const dt_epoch_t *epoch,
    const ngx_str_t *key);


/* The last that Redis told.  An old one finds nothing, and is corrected by
 * the answer. */
static dt_epoch_t  dt_cache_epoch;


dt_redis_op_t *
dt_cache_redis_value(const ngx_str_t *key, dt_epoch_t *asked,
    dt_redis_done_pt done, void *data)
{
    size_t       len[3];
    u_char       name[DT_CACHE_NAME + DT_CACHE_KEY];
    const char  *arg[3];

    if (key->len > DT_CACHE_KEY) {
        return NULL;
    }

    arg[0] = "MGET";
    len[0] = sizeof("MGET") - 1;
    arg[1] = "devtalk:epoch";
    len[1] = sizeof("devtalk:epoch") - 1;
    arg[2] = (char *) name;
    len[2] = dt_cache_redis_name(name, &dt_cache_epoch, key);

    *asked = dt_cache_epoch;

    return dt_redis_command(3, arg, len, done, data);
}


ngx_int_t
dt_cache_redis_block(const redisReply *reply, const dt_epoch_t *asked,
    dt_epoch_t *epoch, ngx_str_t *block)
{
    redisReply  *now, *value;

    epoch->len = 0;
    block->len = 0;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        return NGX_OK;
    }

    now = reply->element[0];
    value = reply->element[1];

    if (now->type == REDIS_REPLY_NIL) {
        return NGX_DECLINED;
    }

    if (now->type != REDIS_REPLY_STRING || now->len > DT_EPOCH_LEN) {
        return NGX_OK;
    }

    epoch->len = now->len;
    ngx_memcpy(epoch->text, now->str, now->len);

    dt_cache_epoch = *epoch;

    if (dt_cache_redis_same(now, asked)
        && value->type == REDIS_REPLY_STRING)
    {
        block->data = (u_char *) value->str;
        block->len = value->len;
    }

    return NGX_OK;
}


static ngx_uint_t
dt_cache_redis_same(const redisReply *reply, const dt_epoch_t *epoch)
{
    return reply->type == REDIS_REPLY_STRING
           && reply->len == epoch->len
           && ngx_memcmp(reply->str, epoch->text, epoch->len) == 0;
}


dt_redis_op_t *
dt_cache_redis_marks(const dt_epoch_t *epoch, const ngx_str_t *deps,
    dt_redis_done_pt done, void *data)
{
    size_t        len[2 + DT_CACHE_DEPS];
    u_char        names[DT_CACHE_DEPS][DT_CACHE_NAME + DT_CACHE_DEP];
    ngx_str_t     rest, dep;
    ngx_uint_t    n;
    const char   *arg[2 + DT_CACHE_DEPS];

    arg[0] = "MGET";
    len[0] = sizeof("MGET") - 1;
    arg[1] = "devtalk:epoch";
    len[1] = sizeof("devtalk:epoch") - 1;

    rest = *deps;

    for (n = 0; dt_zone_word(&rest, &dep); n++) {

        if (n == DT_CACHE_DEPS || dep.len > DT_CACHE_DEP) {
            return NULL;
        }

        arg[2 + n] = (char *) names[n];
        len[2 + n] = ngx_sprintf(names[n], "devtalk:%*s:m:%V", epoch->len,
                                 epoch->text, &dep)
                     - names[n];
    }

    return dt_redis_command(2 + n, arg, len, done, data);
}


ngx_uint_t
dt_cache_redis_unmarked(const redisReply *reply, const dt_epoch_t *epoch,
    uint64_t stamp)
{
    size_t       i;
    redisReply  *mark;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0
        || !dt_cache_redis_same(reply->element[0], epoch))
    {
        return 0;
    }

    for (i = 1; i < reply->elements; i++) {
        mark = reply->element[i];

        if (mark->type == REDIS_REPLY_NIL) {
            continue;
        }

        if (mark->type != REDIS_REPLY_STRING
            || strtoull(mark->str, NULL, 10) >= stamp)
        {
            return 0;
        }
    }

    return 1;
}


void
dt_cache_redis_fill(const dt_epoch_t *epoch, const ngx_str_t *key,
    const u_char *block, size_t size)
{
    size_t       len[5];
    u_char       name[DT_CACHE_NAME + DT_CACHE_KEY], ttl[NGX_TIME_T_LEN];
    const char  *arg[5];

    if (key->len > DT_CACHE_KEY) {
        return;
    }

    arg[0] = "SET";
    len[0] = sizeof("SET") - 1;
    arg[1] = (char *) name;
    len[1] = dt_cache_redis_name(name, epoch, key);
    arg[2] = (char *) block;
    len[2] = size;
    arg[3] = "EX";
    len[3] = sizeof("EX") - 1;
    arg[4] = (char *) ttl;
    len[4] = ngx_sprintf(ttl, "%T", dt_main_conf()->cache_lifetime) - ttl;

    (void) dt_redis_command(5, arg, len, dt_cache_redis_filled, NULL);
}


static void
dt_cache_redis_filled(void *data, redisReply *reply)
{
    if (reply && reply->type == REDIS_REPLY_ERROR) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "devtalk: Redis did not keep a value: %s", reply->str);
    }
}


static size_t
dt_cache_redis_name(u_char *name, const dt_epoch_t *epoch,
    const ngx_str_t *key)
{
    return ngx_sprintf(name, "devtalk:%*s:v:%V", epoch->len, epoch->text, key)
           - name;
}
