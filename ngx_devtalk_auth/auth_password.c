/*
 * Passwords of calls.
 */

#include "auth_password.h"


static ngx_str_t  auth_pool_name = ngx_string(AUTH_POOL);

/* Of this worker. */

static ngx_thread_pool_t  *auth_pool;


ngx_int_t
auth_password_configure(ngx_conf_t *cf)
{
    /* nginx names the missing "thread_pool" when the configuration ends */

    return ngx_thread_pool_add(cf, &auth_pool_name) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
auth_password_init_worker(ngx_cycle_t *cycle)
{
    auth_pool = ngx_thread_pool_get(cycle, &auth_pool_name);

    if (auth_pool == NULL || auth_password_init() != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "devtalk: passwords cannot be hashed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
auth_password_run(dt_call_t *call, void (*work)(void *data),
    const ngx_str_t *password, const ngx_str_t *hash)
{
    ngx_int_t        rc;
    auth_password_t  p;

    if (password->len > AUTH_PASSWORD_SIZE || hash->len >= AUTH_HASH_SIZE) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    ngx_memzero(&p, sizeof(auth_password_t));

    p.len = password->len;
    ngx_memcpy(p.password, password->data, password->len);

    /* none of a new user, nor of one who is not known */

    if (hash->len) {
        ngx_memcpy(p.hash, hash->data, hash->len);
    }

    rc = dt_thread_run(call, auth_pool, work, NULL, &p, sizeof(p));

    ngx_explicit_memzero(&p, sizeof(p));

    return rc;
}


const auth_password_t *
auth_password_result(dt_call_t *call)
{
    auth_password_t  *p;

    p = dt_thread_result(call);

    if (p->failed) {
        ngx_log_error(NGX_LOG_CRIT, call->request->connection->log, 0,
                      "devtalk: a password could not be hashed");
        (void) dt_fail(call, DT_UNAVAILABLE, NULL, NULL);
        return NULL;
    }

    return p;
}
