/*
 * Access tokens: JWT (RFC 7519) profile at+jwt (RFC 9068), signed ES256.
 *
 *     dt_token.c         checks and issues; the only file that knows libjwt
 *     dt_token_claims.c  a token's text, and what must stand in it
 *     dt_token_key.c     keys: PEM, signatures, JWK
 *     dt_token_memory.c  what a worker remembers: good tokens, ended
 *                        sessions, addresses that sent bad signatures
 *     dt_token_conf.c    from directives to keys
 */

#ifndef _DT_TOKEN_H_INCLUDED_
#define _DT_TOKEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define DT_TOKEN_MAX      2048    /* bytes; a longer one is refused unread */
#define DT_USERNAME_MAX     64    /* bytes */
#define DT_SESSION_MAX      40
#define DT_ROLE_MAX         16


/* Who calls.  user == 0: nobody signed in.  Plain bytes: may be copied. */
typedef struct {
    int64_t   user;
    time_t    expires;
    u_char    username[DT_USERNAME_MAX + 1];
    u_char    session[DT_SESSION_MAX + 1];     /* claim "sid" */
    u_char    role[DT_ROLE_MAX + 1];
} dt_viewer_t;


typedef enum {
    DT_TOKEN_GOOD = 0,
    DT_TOKEN_BAD,           /* 401: not ours, altered, expired, ... */
    DT_TOKEN_REVOKED,       /* 401: its session has ended */
    DT_TOKEN_UNCHECKED,     /* 503: memory is short */
    DT_TOKEN_THROTTLED      /* 429: this address sent too many bad ones */
} dt_token_e;


/*
 * Checks a compact JWT.  "address" is the client's as text (addr_text of its
 * connection): in each worker it has 50 bad signatures, and one more every
 * 0.2 s; an IPv6 address counts by its /64.  Good tokens are remembered, in
 * the worker, by hash.  "viewer" is left as it was unless the token is good.
 */
dt_token_e dt_token_check(const ngx_str_t *token, const ngx_str_t *address,
    time_t now, dt_viewer_t *viewer);

/*
 * Signs a token for "viewer" (expires is set from the configuration and
 * "now"; user, username, session and role are taken).  Safe in a thread:
 * touches no pool and no global that changes.  malloc()ed, NUL-terminated,
 * free() it; NULL on failure.  Needs about 0.05 ms.
 */
char *dt_token_issue(dt_viewer_t *viewer, time_t now);

/* When a token that is issued at "now" expires. */
time_t dt_token_expires(time_t now);

/* The JWK set (RFC 7517) of the keys that are good at "now", in "pool"; data
 * NULL when memory is short. */
ngx_str_t dt_token_jwks(ngx_pool_t *pool, time_t now);

/*
 * A session has ended: its tokens die in this worker at once.  "until" is
 * when the last of them would have expired.  NGX_ERROR: no memory.
 */
ngx_int_t dt_token_revoke(const ngx_str_t *session, time_t until);

/*
 * Whether this worker knows which sessions have ended.  A service that keeps
 * sessions says 0 in its init_worker, and 1 once it has read them: until then
 * calls with a token wait (dt_call.c).  1 from the start without one.
 */
void dt_token_know_ended(ngx_uint_t known);
ngx_uint_t dt_token_knows_ended(void);


typedef struct {
    ngx_str_t    kid;         /* letters, digits, "._-" */
    ngx_str_t    file;        /* PEM, private or public EC P-256 */
    ngx_flag_t   signing;     /* exactly one of the keys */
    time_t       until;       /* refused from then on; 0: never */
} dt_token_key_t;

typedef struct dt_ring_s  dt_ring_t;

typedef struct {
    ngx_str_t      issuer;
    ngx_str_t      audience;
    time_t         lifetime;     /* seconds, 1 to 900; 0: 900 */
    ngx_array_t   *keys;         /* dt_token_key_t */
    dt_ring_t     *ring;         /* made of the above */
} dt_token_conf_t;

/*
 * Reads and checks the keys at configuration time; NGX_CONF_ERROR with a
 * logged line on a bad one.  dt_token_init_worker() makes them current.
 */
char *dt_token_configure(ngx_conf_t *cf, dt_token_conf_t *conf);
ngx_int_t dt_token_init_worker(ngx_cycle_t *cycle, dt_token_conf_t *conf);


#endif /* _DT_TOKEN_H_INCLUDED_ */
