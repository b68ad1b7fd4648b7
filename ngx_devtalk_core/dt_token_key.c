/*
 * Keys of tokens: EC P-256 by OpenSSL, parsed once.
 */

#include <ngx_config.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "dt_token_parts.h"


static int dt_key_no_passphrase(char *buf, int size, int rwflag, void *data);
static const char *dt_key_point(dt_key_t *key);
static ngx_int_t dt_key_coordinate(EVP_PKEY *pkey, const char *name,
    u_char *out);
static size_t dt_signature_der(const u_char *signature, u_char **der);
static ngx_int_t dt_signature_raw(const u_char *der, size_t len,
    u_char *signature);


const char *
dt_key_read(dt_key_t *key, const u_char *pem, size_t len)
{
    BIO         *bio;
    const char  *wrong;

    bio = BIO_new_mem_buf(pem, (int) len);
    if (bio == NULL) {
        return "cannot be read: no memory";
    }

    key->pkey = PEM_read_bio_PrivateKey(bio, NULL, dt_key_no_passphrase,
                                        NULL);
    key->private = (key->pkey != NULL);

    if (key->pkey == NULL && BIO_reset(bio) == 1) {
        key->pkey = PEM_read_bio_PUBKEY(bio, NULL, dt_key_no_passphrase,
                                        NULL);
    }

    BIO_free(bio);
    ERR_clear_error();

    if (key->pkey == NULL) {
        return "is no PEM of a key without a passphrase";
    }

    wrong = dt_key_point(key);

    if (wrong) {
        dt_key_free(key);
        ERR_clear_error();
    }

    return wrong;
}


/* OpenSSL would ask at the terminal. */

static int
dt_key_no_passphrase(char *buf, int size, int rwflag, void *data)
{
    return -1;
}


static const char *
dt_key_point(dt_key_t *key)
{
    char    group[32];
    size_t  len;

    if (!EVP_PKEY_is_a(key->pkey, "EC")
        || EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), &len) != 1
        || ngx_strcmp(group, "prime256v1") != 0)
    {
        return "is not an EC key on P-256";
    }

    if (dt_key_coordinate(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, key->x)
        != NGX_OK
        || dt_key_coordinate(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, key->y)
           != NGX_OK)
    {
        return "has no public part";
    }

    return NULL;
}


static ngx_int_t
dt_key_coordinate(EVP_PKEY *pkey, const char *name, u_char *out)
{
    int      len;
    BIGNUM  *n;

    n = NULL;

    if (EVP_PKEY_get_bn_param(pkey, name, &n) != 1) {
        return NGX_ERROR;
    }

    len = BN_bn2binpad(n, out, DT_P256_SIZE);
    BN_free(n);

    return len == DT_P256_SIZE ? NGX_OK : NGX_ERROR;
}


void
dt_key_free(dt_key_t *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}


ngx_uint_t
dt_kid_good(const ngx_str_t *kid)
{
    u_char      c;
    ngx_uint_t  i;

    for (i = 0; i < kid->len; i++) {
        c = kid->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
        {
            return 0;
        }
    }

    return kid->len > 0 && kid->len <= DT_KID_MAX;
}


ngx_int_t
dt_key_verify(const dt_key_t *key, const ngx_str_t *text,
    const u_char *signature)
{
    u_char      *der;
    size_t       len;
    ngx_int_t    rc;
    EVP_MD_CTX  *ctx;

    len = dt_signature_der(signature, &der);
    if (len == 0) {
        return NGX_DECLINED;
    }

    ctx = EVP_MD_CTX_new();
    rc = NGX_DECLINED;

    if (ctx
        && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1
        && EVP_DigestVerify(ctx, der, len, text->data, text->len) == 1)
    {
        rc = NGX_OK;
    }

    EVP_MD_CTX_free(ctx);
    OPENSSL_free(der);

    /* nginx reports what is left in the queue as an error of its own */

    ERR_clear_error();

    return rc;
}


/* 0: no memory. */

static size_t
dt_signature_der(const u_char *signature, u_char **der)
{
    int         len;
    BIGNUM     *r, *s;
    ECDSA_SIG  *sig;

    sig = ECDSA_SIG_new();
    r = BN_bin2bn(signature, DT_P256_SIZE, NULL);
    s = BN_bin2bn(signature + DT_P256_SIZE, DT_P256_SIZE, NULL);

    if (sig == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return 0;
    }

    *der = NULL;
    len = i2d_ECDSA_SIG(sig, der);
    ECDSA_SIG_free(sig);

    return len > 0 ? (size_t) len : 0;
}


ngx_int_t
dt_key_sign(const dt_key_t *key, const ngx_str_t *text, u_char *signature)
{
    u_char       der[80];
    size_t       len;
    ngx_int_t    rc;
    EVP_MD_CTX  *ctx;

    ctx = EVP_MD_CTX_new();
    len = sizeof(der);
    rc = NGX_ERROR;

    if (ctx
        && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1
        && EVP_DigestSign(ctx, der, &len, text->data, text->len) == 1)
    {
        rc = dt_signature_raw(der, len, signature);
    }

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();

    return rc;
}


static ngx_int_t
dt_signature_raw(const u_char *der, size_t len, u_char *signature)
{
    ngx_int_t   rc;
    ECDSA_SIG  *sig;

    sig = d2i_ECDSA_SIG(NULL, &der, len);
    if (sig == NULL) {
        return NGX_ERROR;
    }

    rc = BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, DT_P256_SIZE)
         == DT_P256_SIZE
         && BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + DT_P256_SIZE,
                         DT_P256_SIZE)
            == DT_P256_SIZE
         ? NGX_OK : NGX_ERROR;

    ECDSA_SIG_free(sig);

    return rc;
}


ngx_uint_t
dt_key_good(const dt_key_t *key, time_t now)
{
    return key->until == 0 || now < key->until;
}


size_t
dt_ring_jwks(const dt_ring_t *ring, time_t now, u_char *out)
{
    u_char          *p;
    u_char           x[DT_P256_SIZE * 2], y[DT_P256_SIZE * 2];
    size_t           xlen, ylen;
    ngx_uint_t       i, n;
    const dt_key_t  *key;

    p = ngx_sprintf(out, "{\"keys\":[");

    for (i = 0, n = 0; i < ring->n; i++) {
        key = &ring->keys[i];

        if (!dt_key_good(key, now)) {
            continue;
        }

        xlen = dt_base64url_encode(x, key->x, DT_P256_SIZE);
        ylen = dt_base64url_encode(y, key->y, DT_P256_SIZE);

        p = ngx_sprintf(p, "%s{\"kty\":\"EC\",\"crv\":\"P-256\","
                        "\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"%s\","
                        "\"x\":\"%*s\",\"y\":\"%*s\"}",
                        n++ ? "," : "", key->kid, xlen, x, ylen, y);
    }

    p = ngx_sprintf(p, "]}");

    return p - out;
}
