/*
 * Access tokens.
 *
 * libjwt 1.10 is left with what it does well, the claims of a token that is
 * made: it would check a signature by whatever algorithm the token names,
 * does not look at expiry, parses the key's PEM anew each time (0.4 ms), and
 * writes "typ":"JWT" over ours.  So the header and the signature are ours.
 */

#include <ngx_config.h>

#include <jwt.h>
#include <stdlib.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "dt_metrics.h"
#include "dt_token.h"
#include "dt_token_parts.h"


#define DT_JTI_SIZE  16


static ngx_int_t dt_token_digest(const ngx_str_t *token, u_char *hash);
static dt_token_e dt_token_verify(const ngx_str_t *token,
    const ngx_str_t *address, time_t now, dt_viewer_t *viewer);
static char *dt_token_payload(const dt_viewer_t *viewer, time_t now);
static ngx_int_t dt_token_jti(jwt_t *jwt);
static char *dt_token_sign(const char *payload);


/* Of this worker; constant but for the memory. */

static const dt_ring_t  *dt_token_ring;
static dt_memory_t      *dt_token_memory;
static EVP_MD           *dt_token_sha256;
static EVP_MD_CTX       *dt_token_context;
static ngx_uint_t        dt_token_ended = 1;


ngx_int_t
dt_token_init_worker(ngx_cycle_t *cycle, dt_token_conf_t *conf)
{
    /* they live as long as the process */

    dt_token_ring = conf->ring;
    dt_token_memory = dt_memory_create();
    dt_token_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    dt_token_context = EVP_MD_CTX_new();

    if (dt_token_memory == NULL || dt_token_sha256 == NULL
        || dt_token_context == NULL)
    {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "devtalk: no memory for tokens");
        return NGX_ERROR;
    }

    dt_memory_settle(dt_token_memory);

    return NGX_OK;
}


dt_token_e
dt_token_check(const ngx_str_t *token, const ngx_str_t *address, time_t now,
    dt_viewer_t *viewer)
{
    u_char       hash[DT_TOKEN_HASH];
    dt_token_e   state;
    dt_viewer_t  bearer;

    if (token->len == 0 || token->len > DT_TOKEN_MAX) {
        dt_count(DT_M_TOKEN_REFUSED, 1);
        return DT_TOKEN_BAD;
    }

    if (dt_token_digest(token, hash) != NGX_OK) {
        return DT_TOKEN_UNCHECKED;
    }

    if (dt_memory_find(dt_token_memory, hash, now, &bearer) == NGX_OK) {
        state = DT_TOKEN_GOOD;
        dt_count(DT_M_TOKEN_REMEMBERED, 1);

    } else {
        state = dt_token_verify(token, address, now, &bearer);

        if (state == DT_TOKEN_GOOD) {
            dt_memory_keep(dt_token_memory, hash, now, &bearer);
        }
    }

    if (state == DT_TOKEN_GOOD
        && dt_memory_revoked(dt_token_memory, bearer.session, now))
    {
        state = DT_TOKEN_REVOKED;
    }

    if (state == DT_TOKEN_UNCHECKED) {
        return state;
    }

    if (state != DT_TOKEN_GOOD) {
        dt_count(DT_M_TOKEN_REFUSED, 1);
        return state;
    }

    *viewer = bearer;

    return DT_TOKEN_GOOD;
}


static ngx_int_t
dt_token_digest(const ngx_str_t *token, u_char *hash)
{
    return EVP_DigestInit_ex(dt_token_context, dt_token_sha256, NULL) == 1
           && EVP_DigestUpdate(dt_token_context, token->data, token->len) == 1
           && EVP_DigestFinal_ex(dt_token_context, hash, NULL) == 1
           ? NGX_OK : NGX_ERROR;
}


/* What costs little is looked at first: the signature is 0.1 ms. */

static dt_token_e
dt_token_verify(const ngx_str_t *token, const ngx_str_t *address, time_t now,
    dt_viewer_t *viewer)
{
    u_char             signature[DT_ES256_SIZE * 2];
    const dt_key_t    *key;
    dt_token_parts_t   parts;

    /* OpenSSL and jansson do not tell what is wrong from what there was no
     * memory to find out, but malloc() does */

    ngx_set_errno(0);

    if (dt_token_split(token, &parts) != NGX_OK
        || parts.signature.len > DT_ES256_SIZE * 4 / 3 + 1
        || dt_base64url_decode(signature, &parts.signature) != DT_ES256_SIZE)
    {
        return DT_TOKEN_BAD;
    }

    key = dt_token_header(dt_token_ring, &parts.header, now);

    if (key == NULL
        || dt_token_claims(dt_token_ring, &parts.payload, now, viewer)
           != NGX_OK)
    {
        return ngx_errno == NGX_ENOMEM ? DT_TOKEN_UNCHECKED : DT_TOKEN_BAD;
    }

    if (dt_memory_throttled(dt_token_memory, address, ngx_current_msec)) {
        return DT_TOKEN_THROTTLED;
    }

    dt_count(DT_M_TOKEN_VERIFIED, 1);

    if (dt_key_verify(key, &parts.signed_text, signature) != NGX_OK) {

        if (ngx_errno == NGX_ENOMEM) {
            return DT_TOKEN_UNCHECKED;
        }

        dt_memory_blame(dt_token_memory, address, ngx_current_msec);
        return DT_TOKEN_BAD;
    }

    /* it is remembered until then */

    if (key->until) {
        viewer->expires = ngx_min(viewer->expires, key->until);
    }

    return DT_TOKEN_GOOD;
}


char *
dt_token_issue(dt_viewer_t *viewer, time_t now)
{
    char  *payload, *token;

    viewer->expires = dt_token_expires(now);

    payload = dt_token_payload(viewer, now);
    if (payload == NULL) {
        return NULL;
    }

    token = dt_token_sign(payload);

    free(payload);

    return token;
}


static char *
dt_token_payload(const dt_viewer_t *viewer, time_t now)
{
    char    sub[NGX_INT64_LEN + 1];
    char   *payload;
    jwt_t  *jwt;

    if (jwt_new(&jwt) != 0) {
        return NULL;
    }

    *ngx_snprintf((u_char *) sub, NGX_INT64_LEN, "%L", viewer->user) = '\0';
    payload = NULL;

    if (jwt_add_grant(jwt, "iss", dt_token_ring->issuer) == 0
        && jwt_add_grant(jwt, "aud", dt_token_ring->audience) == 0
        && jwt_add_grant(jwt, "sub", sub) == 0
        && jwt_add_grant(jwt, "sid", (char *) viewer->session) == 0
        && jwt_add_grant(jwt, "username", (char *) viewer->username) == 0
        && jwt_add_grant(jwt, "role", (char *) viewer->role) == 0
        && jwt_add_grant_int(jwt, "iat", now) == 0
        && jwt_add_grant_int(jwt, "exp", viewer->expires) == 0
        && dt_token_jti(jwt) == NGX_OK)
    {
        payload = jwt_get_grants_json(jwt, NULL);
    }

    jwt_free(jwt);

    return payload;
}


static ngx_int_t
dt_token_jti(jwt_t *jwt)
{
    u_char  bytes[DT_JTI_SIZE], text[DT_JTI_SIZE * 2];

    if (RAND_bytes(bytes, DT_JTI_SIZE) != 1) {
        return NGX_ERROR;
    }

    text[dt_base64url_encode(text, bytes, DT_JTI_SIZE)] = '\0';

    return jwt_add_grant(jwt, "jti", (char *) text) == 0 ? NGX_OK : NGX_ERROR;
}


static char *
dt_token_sign(const char *payload)
{
    u_char      header[sizeof("{\"alg\":\"ES256\",\"kid\":\"\","
                              "\"typ\":\"at+jwt\"}") + DT_KID_MAX];
    u_char      signature[DT_ES256_SIZE];
    u_char     *p;
    size_t      size;
    ngx_str_t   token;

    p = ngx_sprintf(header,
                    "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}",
                    dt_token_ring->signer->kid);

    size = ngx_base64_encoded_length(p - header)
           + ngx_base64_encoded_length(ngx_strlen(payload))
           + ngx_base64_encoded_length(DT_ES256_SIZE) + sizeof("..");

    if (size > DT_TOKEN_MAX) {
        return NULL;
    }

    token.data = malloc(size);
    if (token.data == NULL) {
        return NULL;
    }

    token.len = dt_base64url_encode(token.data, header, p - header);
    token.data[token.len++] = '.';
    token.len += dt_base64url_encode(token.data + token.len,
                                     (u_char *) payload, ngx_strlen(payload));

    if (dt_key_sign(dt_token_ring->signer, &token, signature) != NGX_OK) {
        free(token.data);
        return NULL;
    }

    token.data[token.len++] = '.';
    token.len += dt_base64url_encode(token.data + token.len, signature,
                                     DT_ES256_SIZE);
    token.data[token.len] = '\0';

    return (char *) token.data;
}


time_t
dt_token_expires(time_t now)
{
    return now + dt_token_ring->lifetime;
}


void
dt_token_know_ended(ngx_uint_t known)
{
    dt_token_ended = known;
}


ngx_uint_t
dt_token_knows_ended(void)
{
    return dt_token_ended;
}


ngx_str_t
dt_token_jwks(ngx_pool_t *pool, time_t now)
{
    ngx_str_t  jwks;

    jwks.len = 0;
    jwks.data = ngx_pnalloc(pool, DT_JWKS_SIZE(dt_token_ring->n));

    if (jwks.data) {
        jwks.len = dt_ring_jwks(dt_token_ring, now, jwks.data);
    }

    return jwks;
}


ngx_int_t
dt_token_revoke(const ngx_str_t *session, time_t until)
{
    return dt_memory_revoke(dt_token_memory, session, until, ngx_time());
}
