/*
 * Passwords: Argon2id (RFC 9106) by libsodium, 19 MiB and two passes, in a
 * thread pool of its own.
 */

#ifndef _AUTH_PASSWORD_H_INCLUDED_
#define _AUTH_PASSWORD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth.h"


#define AUTH_POOL           "devtalk_hash"
#define AUTH_PASSWORD_SIZE  (AUTH_PASSWORD_MAX * 4)    /* bytes of UTF-8 */
#define AUTH_HASH_SIZE      128                        /* with its NUL */


typedef struct {
    size_t      len;
    char        password[AUTH_PASSWORD_SIZE];
    char        hash[AUTH_HASH_SIZE];     /* to check against */
    char        fresh[AUTH_HASH_SIZE];    /* made; "": none */
    ngx_uint_t  right;                    /* the password fits the hash */
    ngx_uint_t  failed;                   /* could not be told: no memory */
} auth_password_t;


/* Once, before all others; makes the hash that nobody's password fits. */
ngx_int_t auth_password_init(void);

/* For a thread: sets fresh. */
void auth_password_make(void *data);

/*
 * For a thread: sets right, and fresh if the hash has other parameters than
 * ours.  An empty hash, of an unknown user, costs the same time.
 */
void auth_password_check(void *data);


/* The pool must be configured: at configuration time. */
ngx_int_t auth_password_configure(ngx_conf_t *cf);
ngx_int_t auth_password_init_worker(ngx_cycle_t *cycle);

/* Runs one of the two above on an input's text; parks the call.  hash: may be
 * empty. */
ngx_int_t auth_password_run(dt_call_t *call, void (*work)(void *data),
    const ngx_str_t *password, const ngx_str_t *hash);

/* What came of it; NULL: it failed, and so did the call. */
const auth_password_t *auth_password_result(dt_call_t *call);


#endif /* _AUTH_PASSWORD_H_INCLUDED_ */
