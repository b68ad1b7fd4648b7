/*
 * The cache's scripts in Redis.
 */

#include <ngx_config.h>

#include <sys/random.h>

#include "dt_cache_script.h"
#include "core_lua.h"


#define DT_SCRIPT_SHA  40


typedef struct {
    const char   *text;
    size_t        len;
    char          sha[DT_SCRIPT_SHA + 1];
} dt_script_t;


static void dt_script_greet(void);
static void dt_script_greet_run(void *data, redisReply *reply);
static ngx_int_t dt_script_run_id(const redisReply *reply);
static void dt_script_greet_epoch(void *data, redisReply *reply);
static void dt_script_greet_loaded(void *data, redisReply *reply);
static void dt_script_loaded(void *data, redisReply *reply);
static void dt_script_mend_done(void *data, redisReply *reply);
static void dt_script_epoch_args(ngx_str_t *args, u_char *fresh,
    ngx_uint_t force);
static void dt_script_load_args(const dt_script_t *script, const char **arg,
    size_t *len);
static ngx_uint_t dt_script_args(dt_script_e script, ngx_uint_t argc,
    const ngx_str_t *argv, const char **arg, size_t *len);


#define dt_script(name)  { dt_lua_##name, sizeof(dt_lua_##name) - 1, "" }

static dt_script_t  dt_scripts[DT_SCRIPTS] = {
    dt_script(beat),
    dt_script(epoch),
    dt_script(mark)
};

static dt_zone_t   *dt_script_zone;
static void       (*dt_script_up)(void);
static u_char       dt_script_run_text[64];     /* id of the server's life */
static ngx_str_t    dt_script_server = { 0, dt_script_run_text };
static uint64_t     dt_script_losses;           /* that the greeting mends */
static ngx_msec_t   dt_script_loading;
static ngx_uint_t   dt_script_is_loading;


void
dt_script_init_worker(dt_zone_t *zone, void (*up)(void))
{
    dt_script_zone = zone;
    dt_script_up = up;
    dt_redis_on_connect(dt_script_greet);
}


static void
dt_script_greet(void)
{
    size_t       len[3];
    ngx_uint_t   i;
    const char  *arg[3];

    for (i = 0; i < DT_SCRIPTS; i++) {
        dt_script_load_args(&dt_scripts[i], arg, len);

        if (dt_redis_greeting(3, arg, len, dt_script_greet_loaded,
                              &dt_scripts[i])
            != NGX_OK)
        {
            dt_redis_reject("no memory");
            return;
        }
    }

    arg[0] = "INFO";
    len[0] = 4;
    arg[1] = "server";
    len[1] = 6;

    if (dt_redis_greeting(2, arg, len, dt_script_greet_run, NULL) != NGX_OK) {
        dt_redis_reject("no memory");
    }
}


static void
dt_script_greet_loaded(void *data, redisReply *reply)
{
    dt_script_loaded(data, reply);

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        dt_redis_reject(reply->str);
    }
}


/* A server that starts anew may come with old contents: marks of the last
 * minutes are not in them. */

static void
dt_script_greet_run(void *data, redisReply *reply)
{
    size_t       len[DT_SCRIPT_ARGS + 3];
    u_char       fresh[17];
    ngx_str_t    args[3];
    ngx_uint_t   n;
    const char  *arg[DT_SCRIPT_ARGS + 3];

    if (reply == NULL) {
        return;
    }

    if (dt_script_run_id(reply) != NGX_OK) {
        dt_redis_reject("INFO tells no run_id");
        return;
    }

    dt_script_losses = dt_zone_mend(dt_script_zone, dt_zone_now());
    dt_script_epoch_args(args, fresh, dt_script_losses != 0);

    n = dt_script_args(DT_SCRIPT_EPOCH, 3, args, arg, len);

    if (dt_redis_greeting(n, arg, len, dt_script_greet_epoch, NULL) != NGX_OK)
    {
        dt_redis_reject("no memory");
    }
}


static ngx_int_t
dt_script_run_id(const redisReply *reply)
{
    char    *id;
    size_t   len;

    if (reply->type != REDIS_REPLY_STRING) {
        return NGX_ERROR;
    }

    id = ngx_strstr(reply->str, "run_id:");
    if (id == NULL) {
        return NGX_ERROR;
    }

    id += sizeof("run_id:") - 1;
    len = strcspn(id, "\r\n");

    if (len == 0 || len > sizeof(dt_script_run_text)) {
        return NGX_ERROR;
    }

    ngx_memcpy(dt_script_run_text, id, len);
    dt_script_server.len = len;

    return NGX_OK;
}


static void
dt_script_greet_epoch(void *data, redisReply *reply)
{
    if (reply == NULL) {
        return;
    }

    if (reply->type != REDIS_REPLY_STRING) {
        dt_redis_reject(reply->type == REDIS_REPLY_ERROR ? reply->str
                                                         : "no epoch");
        return;
    }

    if (dt_script_losses) {
        dt_zone_mended(dt_script_zone, dt_script_losses);
    }

    dt_redis_greeted();
    dt_script_up();
}


void
dt_script_mend(void)
{
    u_char     fresh[17];
    uint64_t   losses;
    ngx_str_t  args[3];

    if (!dt_redis_up()) {
        return;
    }

    losses = dt_zone_mend(dt_script_zone, dt_zone_now());

    if (losses == 0) {
        return;
    }

    dt_script_epoch_args(args, fresh, 1);

    /* if it fails, the claim ends by itself */

    (void) dt_script_run(DT_SCRIPT_EPOCH, 3, args, dt_script_mend_done,
                         (void *) (uintptr_t) losses);
}


static void
dt_script_mend_done(void *data, redisReply *reply)
{
    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_STRING) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "devtalk: marks were lost, the cache begins anew");
        dt_zone_mended(dt_script_zone, (uintptr_t) data);
        return;
    }

    (void) dt_script_forgotten(reply);
}


/* RUN FRESH FORCE; FRESH is random, for a number counted in Redis could come
 * a second time after its contents were lost. */

static void
dt_script_epoch_args(ngx_str_t *args, u_char *fresh, ngx_uint_t force)
{
    uint64_t  token;

    if (getrandom(&token, sizeof(token), GRND_NONBLOCK)
        != (ssize_t) sizeof(token))
    {
        token = (uint64_t) ngx_random() << 32 ^ ngx_random() ^ dt_zone_now();
    }

    args[0] = dt_script_server;
    args[1].data = fresh;
    args[1].len = ngx_sprintf(fresh, "%016xL", token) - fresh;
    args[2].data = (u_char *) (force ? "1" : "0");
    args[2].len = 1;
}


dt_redis_op_t *
dt_script_run(dt_script_e script, ngx_uint_t argc, const ngx_str_t *argv,
    dt_redis_done_pt done, void *data)
{
    size_t       len[DT_SCRIPT_ARGS + 3];
    ngx_uint_t   n;
    const char  *arg[DT_SCRIPT_ARGS + 3];

    n = dt_script_args(script, argc, argv, arg, len);

    return dt_redis_command(n, arg, len, done, data);
}


static ngx_uint_t
dt_script_args(dt_script_e script, ngx_uint_t argc, const ngx_str_t *argv,
    const char **arg, size_t *len)
{
    ngx_uint_t  i;

    arg[0] = "EVALSHA";
    len[0] = sizeof("EVALSHA") - 1;
    arg[1] = dt_scripts[script].sha;
    len[1] = DT_SCRIPT_SHA;
    arg[2] = "0";
    len[2] = 1;

    for (i = 0; i < argc; i++) {
        arg[i + 3] = (const char *) argv[i].data;
        len[i + 3] = argv[i].len;
    }

    return argc + 3;
}


ngx_uint_t
dt_script_forgotten(const redisReply *reply)
{
    size_t       len[3];
    ngx_uint_t   i;
    const char  *arg[3];

    if (reply->type != REDIS_REPLY_ERROR
        || ngx_strncmp(reply->str, "NOSCRIPT", 8) != 0)
    {
        return 0;
    }

    /* hundreds of replies may tell the same */

    if (dt_script_is_loading && ngx_current_msec - dt_script_loading < 100) {
        return 1;
    }

    dt_script_is_loading = 1;
    dt_script_loading = ngx_current_msec;

    for (i = 0; i < DT_SCRIPTS; i++) {
        dt_script_load_args(&dt_scripts[i], arg, len);
        (void) dt_redis_command(3, arg, len, dt_script_loaded, &dt_scripts[i]);
    }

    return 1;
}


static void
dt_script_loaded(void *data, redisReply *reply)
{
    dt_script_t *script = data;

    if (reply && reply->type == REDIS_REPLY_STRING
        && reply->len == DT_SCRIPT_SHA)
    {
        ngx_memcpy(script->sha, reply->str, DT_SCRIPT_SHA);
    }
}


static void
dt_script_load_args(const dt_script_t *script, const char **arg, size_t *len)
{
    arg[0] = "SCRIPT";
    len[0] = 6;
    arg[1] = "LOAD";
    len[1] = 4;
    arg[2] = script->text;
    len[2] = script->len;
}
