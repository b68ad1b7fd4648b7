/*
 * From directives to keys.
 */

#include <ngx_config.h>

#include <openssl/crypto.h>

#include "dt_token.h"
#include "dt_token_parts.h"


#define DT_PEM_MAX             65536
#define DT_TOKEN_LIFETIME_MAX  900


static void dt_ring_free(void *data);
static ngx_int_t dt_ring_add(ngx_conf_t *cf, dt_ring_t *ring,
    dt_token_key_t *wanted);
static ngx_int_t dt_ring_known(const dt_ring_t *ring, const ngx_str_t *kid);
static ngx_int_t dt_ring_load(ngx_conf_t *cf, dt_key_t *key,
    dt_token_key_t *wanted);
static ssize_t dt_pem_read(ngx_conf_t *cf, ngx_str_t *file, u_char *pem);
static const char *dt_conf_text(ngx_conf_t *cf, const ngx_str_t *text);


char *
dt_token_configure(ngx_conf_t *cf, dt_token_conf_t *conf)
{
    dt_ring_t           *ring;
    ngx_uint_t           i;
    dt_token_key_t      *wanted;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(dt_ring_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    ring = cln->data;
    ngx_memzero(ring, sizeof(dt_ring_t));
    cln->handler = dt_ring_free;

    ring->issuer = dt_conf_text(cf, &conf->issuer);
    ring->audience = dt_conf_text(cf, &conf->audience);
    ring->lifetime = conf->lifetime ? conf->lifetime : DT_TOKEN_LIFETIME_MAX;

    if (ring->issuer == NULL || ring->audience == NULL) {
        return NGX_CONF_ERROR;
    }

    wanted = conf->keys->elts;

    for (i = 0; i < conf->keys->nelts; i++) {
        if (dt_ring_add(cf, ring, &wanted[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ring->signer == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no devtalk_jwt_key is the \"signing\" one");
        return NGX_CONF_ERROR;
    }

    conf->ring = ring;

    return NGX_CONF_OK;
}


static void
dt_ring_free(void *data)
{
    dt_ring_t *ring = data;

    ngx_uint_t  i;

    for (i = 0; i < ring->n; i++) {
        dt_key_free(&ring->keys[i]);
    }
}


static ngx_int_t
dt_ring_add(ngx_conf_t *cf, dt_ring_t *ring, dt_token_key_t *wanted)
{
    dt_key_t    *key;
    const char  *wrong;

    wrong = NULL;

    if (!dt_kid_good(&wanted->kid)) {
        wrong = "has other characters in its name than letters, digits and "
                "\"._-\", or more than 64";

    } else if (dt_ring_known(ring, &wanted->kid)) {
        wrong = "is there twice";

    } else if (ring->n == DT_KEYS_MAX) {
        wrong = "is one too many";

    } else if (wanted->signing && ring->signer) {
        wrong = "is the second \"signing\" one";
    }

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "devtalk_jwt_key \"%V\" %s",
                           &wanted->kid, wrong);
        return NGX_ERROR;
    }

    key = &ring->keys[ring->n];

    if (dt_ring_load(cf, key, wanted) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memcpy(key->kid, wanted->kid.data, wanted->kid.len);
    key->until = wanted->until;
    ring->n++;

    if (wanted->signing) {
        ring->signer = key;
    }

    return NGX_OK;
}


static ngx_int_t
dt_ring_known(const dt_ring_t *ring, const ngx_str_t *kid)
{
    ngx_uint_t  i;

    for (i = 0; i < ring->n; i++) {
        if (ngx_strlen(ring->keys[i].kid) == kid->len
            && ngx_strncmp(ring->keys[i].kid, kid->data, kid->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
dt_ring_load(ngx_conf_t *cf, dt_key_t *key, dt_token_key_t *wanted)
{
    u_char       pem[DT_PEM_MAX];
    ssize_t      len;
    const char  *wrong;

    len = dt_pem_read(cf, &wanted->file, pem);
    if (len == NGX_ERROR) {
        return NGX_ERROR;
    }

    wrong = dt_key_read(key, pem, len);
    OPENSSL_cleanse(pem, len);

    if (wrong == NULL && wanted->signing && !key->private) {
        wrong = "is a public key and cannot be the \"signing\" one";
        dt_key_free(key);
    }

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "devtalk_jwt_key \"%V\": \"%V\" %s",
                           &wanted->kid, &wanted->file, wrong);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ssize_t
dt_pem_read(ngx_conf_t *cf, ngx_str_t *file, u_char *pem)
{
    ssize_t   n;
    ngx_fd_t  fd;

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "devtalk_jwt_key: cannot open \"%V\"", file);
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, pem, DT_PEM_MAX);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "devtalk_jwt_key: cannot read \"%V\"", file);
        n = NGX_ERROR;
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           "devtalk_jwt_key: cannot close \"%V\"", file);
    }

    return n;
}


static const char *
dt_conf_text(ngx_conf_t *cf, const ngx_str_t *text)
{
    u_char  *copy;

    copy = ngx_pnalloc(cf->pool, text->len + 1);
    if (copy == NULL) {
        return NULL;
    }

    *ngx_cpymem(copy, text->data, text->len) = '\0';

    return (const char *) copy;
}
