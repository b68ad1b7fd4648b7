/*
 * The text of a token, and what must stand in it.
 *
 * jansson reads header and claims, not libjwt, which takes the last of two
 * members with one name and whatever algorithm the header names.
 */

#include <ngx_config.h>

#include "dt_json.h"
#include "dt_token_parts.h"


#define DT_TOKEN_LEEWAY     5     /* seconds between the nodes' clocks */
#define DT_TOKEN_LIFETIME   900
#define DT_JTI_MAX          64


static json_t *dt_token_json(const ngx_str_t *text);
static ngx_uint_t dt_claim_is(json_t *claims, const char *name,
    const char *expected);
static ngx_int_t dt_claim_times(json_t *claims, time_t now, time_t *expires);
static ngx_int_t dt_claim_time(json_t *claims, const char *name,
    json_int_t *value);
static ngx_int_t dt_claim_text(json_t *claims, const char *name, u_char *out,
    size_t max);
static ngx_int_t dt_claim_user(json_t *claims, int64_t *user);


static const u_char  dt_base64url_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";


ngx_int_t
dt_token_split(const ngx_str_t *token, dt_token_parts_t *parts)
{
    u_char  *p, *first, *second, *last;

    p = token->data;
    last = p + token->len;

    first = ngx_strlchr(p, last, '.');
    second = first ? ngx_strlchr(first + 1, last, '.') : NULL;

    if (second == NULL || ngx_strlchr(second + 1, last, '.') != NULL) {
        return NGX_ERROR;
    }

    parts->header.data = p;
    parts->header.len = first - p;
    parts->payload.data = first + 1;
    parts->payload.len = second - parts->payload.data;
    parts->signature.data = second + 1;
    parts->signature.len = last - parts->signature.data;
    parts->signed_text.data = p;
    parts->signed_text.len = second - p;

    return parts->header.len && parts->payload.len && parts->signature.len
           ? NGX_OK : NGX_ERROR;
}


ssize_t
dt_base64url_decode(u_char *out, const ngx_str_t *text)
{
    u_char         c, *p;
    uint32_t       bits, n, digit;
    const u_char  *end, *s;

    p = out;
    bits = 0;
    n = 0;
    end = text->data + text->len;

    for (s = text->data; s < end; s++) {
        c = *s;

        if (c >= 'A' && c <= 'Z') {
            digit = c - 'A';
        } else if (c >= 'a' && c <= 'z') {
            digit = c - 'a' + 26;
        } else if (c >= '0' && c <= '9') {
            digit = c - '0' + 52;
        } else if (c == '-') {
            digit = 62;
        } else if (c == '_') {
            digit = 63;
        } else {
            return NGX_ERROR;
        }

        bits = (bits << 6 | digit) & 0xffff;
        n += 6;

        if (n >= 8) {
            n -= 8;
            *p++ = (u_char) (bits >> n);
        }
    }

    /* a lone letter, or bits that another text of the value has not */

    if (n == 6 || (bits & ((1u << n) - 1))) {
        return NGX_ERROR;
    }

    return p - out;
}


size_t
dt_base64url_encode(u_char *out, const u_char *data, size_t len)
{
    u_char    *p;
    size_t     i;
    uint32_t   bits, n;

    p = out;
    bits = 0;
    n = 0;

    for (i = 0; i < len; i++) {
        bits = (bits << 8 | data[i]) & 0xffff;
        n += 8;

        while (n >= 6) {
            n -= 6;
            *p++ = dt_base64url_letters[bits >> n & 63];
        }
    }

    if (n) {
        *p++ = dt_base64url_letters[bits << (6 - n) & 63];
    }

    return p - out;
}


const dt_key_t *
dt_token_header(const dt_ring_t *ring, const ngx_str_t *header, time_t now)
{
    json_t          *json;
    ngx_uint_t       i;
    const dt_key_t  *key;

    json = dt_token_json(header);
    if (json == NULL) {
        return NULL;
    }

    key = NULL;

    if (dt_claim_is(json, "alg", "ES256")
        && dt_claim_is(json, "typ", "at+jwt")
        && json_object_get(json, "crit") == NULL)
    {
        for (i = 0; i < ring->n; i++) {
            if (dt_claim_is(json, "kid", (char *) ring->keys[i].kid)) {
                key = &ring->keys[i];
                break;
            }
        }
    }

    if (key && !dt_key_good(key, now)) {
        key = NULL;
    }

    dt_json_free();

    return key;
}


/* An object of valid UTF-8 without NUL and without a member twice, to be freed
 * by dt_json_free(), or NULL.  DT_TOKEN_MAX bounds its depth. */

static json_t *
dt_token_json(const ngx_str_t *text)
{
    u_char         buf[DT_TOKEN_MAX];
    json_t        *json;
    ssize_t        len;
    json_error_t   error;

    if (text->len > DT_TOKEN_MAX) {
        return NULL;
    }

    len = dt_base64url_decode(buf, text);
    if (len <= 0) {
        return NULL;
    }

    if (dt_json_load((char *) buf, len, JSON_REJECT_DUPLICATES, &json, &error)
        != NGX_OK)
    {
        return NULL;
    }

    if (!json_is_object(json)) {
        dt_json_free();
        return NULL;
    }

    return json;
}


static ngx_uint_t
dt_claim_is(json_t *claims, const char *name, const char *expected)
{
    const char  *value;

    value = json_string_value(json_object_get(claims, name));

    return value && ngx_strcmp(value, expected) == 0;
}


ngx_int_t
dt_token_claims(const dt_ring_t *ring, const ngx_str_t *payload, time_t now,
    dt_viewer_t *viewer)
{
    u_char       jti[DT_JTI_MAX + 1];
    json_t      *claims;
    ngx_uint_t   good;

    claims = dt_token_json(payload);
    if (claims == NULL) {
        return NGX_DECLINED;
    }

    ngx_memzero(viewer, sizeof(dt_viewer_t));

    good = dt_claim_is(claims, "iss", ring->issuer)
           && dt_claim_is(claims, "aud", ring->audience)
           && dt_claim_times(claims, now, &viewer->expires) == NGX_OK
           && dt_claim_user(claims, &viewer->user) == NGX_OK
           && dt_claim_text(claims, "jti", jti, DT_JTI_MAX) == NGX_OK
           && dt_claim_text(claims, "sid", viewer->session, DT_SESSION_MAX)
              == NGX_OK
           && dt_claim_text(claims, "username", viewer->username,
                            DT_USERNAME_MAX)
              == NGX_OK
           && dt_claim_text(claims, "role", viewer->role, DT_ROLE_MAX)
              == NGX_OK;

    dt_json_free();

    return good ? NGX_OK : NGX_DECLINED;
}


/* RFC 7519 §4.1.4 to 4.1.6. */

static ngx_int_t
dt_claim_times(json_t *claims, time_t now, time_t *expires)
{
    json_int_t  exp, iat, nbf;

    if (dt_claim_time(claims, "exp", &exp) != NGX_OK
        || dt_claim_time(claims, "iat", &iat) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (json_object_get(claims, "nbf") == NULL) {
        nbf = iat;

    } else if (dt_claim_time(claims, "nbf", &nbf) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (exp <= now
        || iat > now + DT_TOKEN_LEEWAY
        || nbf > now + DT_TOKEN_LEEWAY
        || exp - iat > DT_TOKEN_LIFETIME)
    {
        return NGX_DECLINED;
    }

    *expires = exp;

    return NGX_OK;
}


/* An integer of so many seconds that sums of two cannot overflow. */

static ngx_int_t
dt_claim_time(json_t *claims, const char *name, json_int_t *value)
{
    json_t  *json;

    json = json_object_get(claims, name);

    if (!json_is_integer(json)) {
        return NGX_DECLINED;
    }

    *value = json_integer_value(json);

    return *value >= 0 && *value <= NGX_MAX_INT32_VALUE * (json_int_t) 1024
           ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
dt_claim_text(json_t *claims, const char *name, u_char *out, size_t max)
{
    size_t   len;
    json_t  *json;

    json = json_object_get(claims, name);
    len = json_string_length(json);

    if (len == 0 || len > max) {
        return NGX_DECLINED;
    }

    ngx_memcpy(out, json_string_value(json), len);
    out[len] = '\0';

    return NGX_OK;
}


/* "sub": a positive number as text, in the one way it is written. */

static ngx_int_t
dt_claim_user(json_t *claims, int64_t *user)
{
    off_t   id;
    u_char  text[NGX_OFF_T_LEN + 1];

    if (dt_claim_text(claims, "sub", text, NGX_OFF_T_LEN - 1) != NGX_OK
        || text[0] == '0')
    {
        return NGX_DECLINED;
    }

    id = ngx_atoof(text, ngx_strlen(text));
    if (id == NGX_ERROR) {
        return NGX_DECLINED;
    }

    *user = id;

    return NGX_OK;
}
