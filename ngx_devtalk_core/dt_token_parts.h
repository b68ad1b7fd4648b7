/*
 * The parts that tokens are made of; for dt_token*.c and their tests only.
 * Pure but for OpenSSL: no clock, no configuration, no request.
 */

#ifndef _DT_TOKEN_PARTS_H_INCLUDED_
#define _DT_TOKEN_PARTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/evp.h>

#include "dt_token.h"


/* Keys. */

#define DT_KEYS_MAX       8
#define DT_KID_MAX       64
#define DT_ES256_SIZE    64       /* r and s, RFC 7518 §3.4 */
#define DT_P256_SIZE     32

typedef struct {
    u_char       kid[DT_KID_MAX + 1];
    EVP_PKEY    *pkey;
    u_char       x[DT_P256_SIZE];
    u_char       y[DT_P256_SIZE];
    ngx_uint_t   private;         /* can sign */
    time_t       until;           /* refused from then on; 0: never */
} dt_key_t;

/* The keys and names of one configuration; constant while serving. */
struct dt_ring_s {
    dt_key_t     keys[DT_KEYS_MAX];
    ngx_uint_t   n;
    dt_key_t    *signer;
    const char  *issuer;
    const char  *audience;
    time_t       lifetime;
};

/* Parses an EC P-256 key: NULL if it is good, else what is wrong with it.
 * A good one is freed by dt_key_free(). */
const char *dt_key_read(dt_key_t *key, const u_char *pem, size_t len);
void dt_key_free(dt_key_t *key);

/* 1 for a kid that needs no escape in JSON. */
ngx_uint_t dt_kid_good(const ngx_str_t *kid);

/* "signature" has DT_ES256_SIZE bytes.  NGX_OK, or NGX_DECLINED for one that
 * does not fit; NGX_OK or NGX_ERROR. */
ngx_int_t dt_key_verify(const dt_key_t *key, const ngx_str_t *text,
    const u_char *signature);
ngx_int_t dt_key_sign(const dt_key_t *key, const ngx_str_t *text,
    u_char *signature);

#define DT_JWKS_SIZE(n)  (sizeof("{\"keys\":[]}") + (n) * 256)

/* 1: tokens that it signed may be taken. */
ngx_uint_t dt_key_good(const dt_key_t *key, time_t now);

/* The JWK set (RFC 7517, RFC 7518 §6.2) of the public parts of the keys that
 * are good; "out" has DT_JWKS_SIZE(ring->n) bytes; the length is returned. */
size_t dt_ring_jwks(const dt_ring_t *ring, time_t now, u_char *out);


/* Text. */

typedef struct {
    ngx_str_t  header;            /* base64url, as all */
    ngx_str_t  payload;
    ngx_str_t  signature;
    ngx_str_t  signed_text;       /* header "." payload */
} dt_token_parts_t;

/* NGX_ERROR unless there are three parts, none of them empty. */
ngx_int_t dt_token_split(const ngx_str_t *token, dt_token_parts_t *parts);

/*
 * RFC 4648 §5 without padding, and strictly: one text for one value.  The
 * length, or NGX_ERROR.  "out" has room for text->len * 3 / 4 bytes.
 */
ssize_t dt_base64url_decode(u_char *out, const ngx_str_t *text);
size_t dt_base64url_encode(u_char *out, const u_char *data, size_t len);

/* The key that a header names if it is one of ours and good at "now": alg,
 * typ and kid exactly as we write them, nothing critical (RFC 7515 §4.1.11),
 * no member twice; else NULL. */
const dt_key_t *dt_token_header(const dt_ring_t *ring,
    const ngx_str_t *header, time_t now);

/* What a token says of its bearer, if all that it must say is right for the
 * ring and "now"; else NGX_DECLINED.  Trust it only after the signature. */
ngx_int_t dt_token_claims(const dt_ring_t *ring, const ngx_str_t *payload,
    time_t now, dt_viewer_t *viewer);


/* What a worker remembers.  Bounded: the tokens and addresses by their
 * tables, the sessions by the rate of logging in and a token's lifetime. */

#define DT_TOKEN_HASH    32       /* SHA-256 */

typedef struct dt_memory_s  dt_memory_t;

/* NULL when memory is short. */
dt_memory_t *dt_memory_create(void);

/* Of an empty one: takes all pages of its tables from the system now, so that
 * a worker's memory after a day is what it is after a minute. */
void dt_memory_settle(dt_memory_t *memory);

void dt_memory_destroy(dt_memory_t *memory);

/* NGX_OK and the viewer, or NGX_DECLINED. */
ngx_int_t dt_memory_find(dt_memory_t *memory, const u_char *hash, time_t now,
    dt_viewer_t *viewer);
void dt_memory_keep(dt_memory_t *memory, const u_char *hash, time_t now,
    const dt_viewer_t *viewer);

ngx_int_t dt_memory_revoke(dt_memory_t *memory, const ngx_str_t *session,
    time_t until, time_t now);
ngx_uint_t dt_memory_revoked(const dt_memory_t *memory, const u_char *session,
    time_t now);

/* Whether an address has used up its bad signatures; one more of them.
 * "now" is a clock that nobody sets. */
ngx_uint_t dt_memory_throttled(dt_memory_t *memory, const ngx_str_t *address,
    ngx_msec_t now);
void dt_memory_blame(dt_memory_t *memory, const ngx_str_t *address,
    ngx_msec_t now);


#endif /* _DT_TOKEN_PARTS_H_INCLUDED_ */
