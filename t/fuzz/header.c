/*
 * Request headers: If-None-Match, If-Match, Idempotency-Key, traceparent,
 * X-Request-Id.  An input is an entity tag on a line of its own, and the
 * field.
 */

/* sources: ngx_devtalk_core/dt_header.c */

#include "fuzz.h"
#include "dt_header.h"


/* RFC 9110 §8.8.3 */

static ngx_uint_t
opaque(const ngx_str_t *tag)
{
    size_t  i;

    for (i = 0; i < tag->len; i++) {
        if (tag->data[i] <= 0x20 || tag->data[i] == '"'
            || tag->data[i] == 0x7f)
        {
            return 0;
        }
    }

    return 1;
}


/* "text" as a C string that has "part" in it. */

static ngx_uint_t
has(const ngx_str_t *text, const char *format, const ngx_str_t *tag)
{
    size_t     i;
    ngx_str_t  part;

    part.data = ngx_pnalloc(fuzz_pool, tag->len + 5);
    must(part.data != NULL);
    part.len = ngx_sprintf(part.data, format, tag) - part.data;

    for (i = 0; i + part.len <= text->len; i++) {
        if (ngx_memcmp(text->data + i, part.data, part.len) == 0) {
            return 1;
        }
    }

    return 0;
}


static void
entity_tags(const ngx_str_t *field, const ngx_str_t *tag)
{
    ngx_str_t   longer, listed[8];
    ngx_uint_t  found, i, n, star;

    found = dt_etag_match(field, tag);
    star = (ngx_strlchr(field->data, field->data + field->len, '*') != NULL);
    must(!found || star || (opaque(tag) && has(field, "\"%V\"", tag)));

    /* What is listed is matched. */

    n = dt_etag_list(field, listed, 8);
    must(n == 0 || !dt_etag_any(field));

    for (i = 0; i < n; i++) {
        must(dt_etag_match(field, &listed[i]));
        must(has(field, "\"%V\"", &listed[i]));
    }

    if (!opaque(tag)) {
        return;
    }

    /* A tag behind a good list is found, one behind a bad list is not. */

    longer.data = ngx_pnalloc(fuzz_pool, field->len + tag->len + 5);
    must(longer.data != NULL);
    longer.len = ngx_sprintf(longer.data, "%V,\"%V\"", field, tag)
                 - longer.data;
    must(n == 0 || dt_etag_match(&longer, tag));
    must(field->len || dt_etag_match(&longer, tag));
    must(dt_etag_match(&longer, tag)
         == (dt_etag_list(&longer, listed, 8) != 0));

    longer.len = ngx_sprintf(longer.data, "%V,W/\"%V\"", field, tag)
                 - longer.data;
    must(!found || dt_etag_match(&longer, tag) || star);
}


static void
idempotency_key(const ngx_str_t *field)
{
    u_char     *p, key[DT_IDEMPOTENCY_KEY_MAX];
    u_char      again[DT_IDEMPOTENCY_KEY_MAX];
    u_char      text[2 * DT_IDEMPOTENCY_KEY_MAX + 2];
    size_t      i, len;
    ngx_str_t   written, trimmed;

    len = dt_idempotency_key(field, key);
    must(len <= DT_IDEMPOTENCY_KEY_MAX);

    if (len == 0) {
        return;
    }

    p = text;
    *p++ = '"';

    for (i = 0; i < len; i++) {
        must(key[i] >= 0x20 && key[i] <= 0x7e);

        if (key[i] == '"' || key[i] == '\\') {
            *p++ = '\\';
        }

        *p++ = key[i];
    }

    *p++ = '"';

    /* A key has one spelling but for the blanks around it. */

    written.data = text;
    written.len = p - text;
    trimmed = *field;

    while (trimmed.data[0] == ' ') {
        trimmed.data++;
        trimmed.len--;
    }

    while (trimmed.data[trimmed.len - 1] == ' ') {
        trimmed.len--;
    }

    must(fuzz_same(&written, &trimmed));
    must(dt_idempotency_key(&written, again) == len
         && ngx_memcmp(key, again, len) == 0);
}


/* What is taken over is put into logs and headers. */

static void
harmless(const ngx_str_t *field)
{
    size_t  i;

    for (i = 0; i < field->len; i++) {
        must((field->data[i] >= '0' && field->data[i] <= '9')
             || (field->data[i] >= 'a' && field->data[i] <= 'z')
             || (field->data[i] >= 'A' && field->data[i] <= 'Z')
             || ngx_strchr("._-", field->data[i]) != NULL);
    }
}


void
fuzz_one(ngx_str_t input)
{
    ngx_str_t  field, tag, token;

    tag = fuzz_cut(&input, '\n');
    field = fuzz_take(&input, input.len);

    entity_tags(&field, &tag);
    idempotency_key(&field);

    if (dt_traceparent_valid(&field) == NGX_OK) {
        must(field.len >= DT_TRACEPARENT_LEN
             && field.len <= DT_TRACEPARENT_MAX);
        harmless(&field);
    }

    if (dt_request_id_valid(&field)) {
        must(field.len > 0 && field.len <= DT_REQUEST_ID_MAX);
        harmless(&field);
    }

    if (dt_authorization_token(&field, &token) == NGX_OK) {
        must(token.data > field.data);
        must(token.data + token.len == field.data + field.len);
        must(token.len == 0 || token.data[0] != ' ');

    } else {
        must(fuzz_same(&token, &field));
    }
}
