
#include "dt_header.h"


static ngx_int_t dt_etag_next(const u_char **at, const u_char *end,
    ngx_str_t *opaque);
static const u_char *dt_etag_blanks(const u_char *p, const u_char *end);
static const u_char *dt_etag_take(const u_char *p, const u_char *end,
    ngx_str_t *opaque);
static ngx_uint_t dt_hex(const u_char *p, size_t len);
static ngx_uint_t dt_zero(const u_char *p, size_t len);


ngx_uint_t
dt_etag_match(const ngx_str_t *field, const ngx_str_t *etag)
{
    ngx_int_t      rc;
    ngx_str_t      opaque;
    ngx_uint_t     found;
    const u_char  *p, *end;

    if (dt_etag_any(field)) {
        return 1;
    }

    p = field->data;
    end = p + field->len;
    found = 0;

    while ((rc = dt_etag_next(&p, end, &opaque)) == NGX_OK) {

        if (opaque.len == etag->len
            && (opaque.len == 0
                || ngx_memcmp(opaque.data, etag->data, opaque.len) == 0))
        {
            found = 1;
        }
    }

    return rc == NGX_DONE && found;
}


ngx_uint_t
dt_etag_list(const ngx_str_t *field, ngx_str_t *tags, ngx_uint_t max)
{
    ngx_int_t      rc;
    ngx_str_t      opaque;
    ngx_uint_t     n;
    const u_char  *p, *end;

    p = field->data;
    end = p + field->len;
    n = 0;

    while ((rc = dt_etag_next(&p, end, &opaque)) == NGX_OK) {
        if (n < max) {
            tags[n++] = opaque;
        }
    }

    return rc == NGX_DONE ? n : 0;
}


ngx_uint_t
dt_etag_any(const ngx_str_t *field)
{
    const u_char  *p, *end;

    end = field->data + field->len;
    p = dt_etag_blanks(field->data, end);

    return p < end && *p == '*' && dt_etag_blanks(p + 1, end) == end;
}


/* The next member of the list; NGX_DONE at its end, NGX_ERROR if it breaks
 * the grammar.  Empty members are passed over (RFC 9110 §5.6.1.2). */

static ngx_int_t
dt_etag_next(const u_char **at, const u_char *end, ngx_str_t *opaque)
{
    const u_char  *p;

    p = dt_etag_blanks(*at, end);

    while (p < end && *p == ',') {
        p = dt_etag_blanks(p + 1, end);
    }

    if (p == end) {
        return NGX_DONE;
    }

    p = dt_etag_take(p, end, opaque);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p = dt_etag_blanks(p, end);

    if (p < end && *p != ',') {
        return NGX_ERROR;
    }

    *at = p;

    return NGX_OK;
}


static const u_char *
dt_etag_blanks(const u_char *p, const u_char *end)
{
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p;
}


/* entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; returns what follows, or
 * NULL. */

static const u_char *
dt_etag_take(const u_char *p, const u_char *end, ngx_str_t *opaque)
{
    if (end - p >= 2 && p[0] == 'W' && p[1] == '/') {
        p += 2;
    }

    if (p == end || *p != '"') {
        return NULL;
    }

    opaque->data = (u_char *) ++p;

    while (p < end && *p != '"') {
        if (*p <= 0x20 || *p == 0x7f) {
            return NULL;
        }

        p++;
    }

    if (p == end) {
        return NULL;
    }

    opaque->len = p - opaque->data;

    return p + 1;
}


size_t
dt_idempotency_key(const ngx_str_t *field, u_char *key)
{
    size_t         n;
    const u_char  *p, *end;

    p = field->data;
    end = p + field->len;

    while (p < end && *p == ' ') {
        p++;
    }

    while (p < end && end[-1] == ' ') {
        end--;
    }

    if (end - p < 2 || *p != '"' || end[-1] != '"') {
        return 0;
    }

    end--;
    n = 0;

    for (p++; p < end; p++) {

        if (*p == '"' || n == DT_IDEMPOTENCY_KEY_MAX) {
            return 0;
        }

        if (*p == '\\' && (++p == end || (*p != '"' && *p != '\\'))) {
            return 0;
        }

        if (*p < 0x20 || *p > 0x7e) {
            return 0;
        }

        key[n++] = *p;
    }

    return n;
}


ngx_int_t
dt_authorization_token(const ngx_str_t *field, ngx_str_t *token)
{
    size_t  n;

    *token = *field;

    if (field->len > 7
        && ngx_strncasecmp(field->data, (u_char *) "Bearer ", 7) == 0)
    {
        n = 7;

    } else if (field->len > 6
               && ngx_strncasecmp(field->data, (u_char *) "Token ", 6) == 0)
    {
        n = 6;

    } else {
        return NGX_DECLINED;
    }

    while (n < field->len && field->data[n] == ' ') {
        n++;
    }

    token->data += n;
    token->len -= n;

    return NGX_OK;
}


ngx_int_t
dt_traceparent_valid(const ngx_str_t *field)
{
    size_t         i;
    const u_char  *p;

    p = field->data;

    if (field->len < DT_TRACEPARENT_LEN || field->len > DT_TRACEPARENT_MAX) {
        return NGX_DECLINED;
    }

    if (p[2] != '-' || p[35] != '-' || p[52] != '-') {
        return NGX_DECLINED;
    }

    if (!dt_hex(p, 2) || !dt_hex(p + 3, 32) || !dt_hex(p + 36, 16)
        || !dt_hex(p + 53, 2))
    {
        return NGX_DECLINED;
    }

    if ((p[0] == 'f' && p[1] == 'f') || dt_zero(p + 3, 32)
        || dt_zero(p + 36, 16))
    {
        return NGX_DECLINED;
    }

    if (field->len == DT_TRACEPARENT_LEN) {
        return NGX_OK;
    }

    if (dt_zero(p, 2) || p[DT_TRACEPARENT_LEN] != '-') {
        return NGX_DECLINED;
    }

    for (i = DT_TRACEPARENT_LEN; i < field->len; i++) {
        if ((p[i] < '0' || p[i] > '9') && (p[i] < 'a' || p[i] > 'z')
            && p[i] != '-')
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/* Lower case only, as the standard has it. */

static ngx_uint_t
dt_hex(const u_char *p, size_t len)
{
    for ( /* void */ ; len; p++, len--) {
        if ((*p < '0' || *p > '9') && (*p < 'a' || *p > 'f')) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
dt_zero(const u_char *p, size_t len)
{
    for ( /* void */ ; len; p++, len--) {
        if (*p != '0') {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
dt_request_id_valid(const ngx_str_t *field)
{
    size_t  i;
    u_char  ch;

    if (field->len == 0 || field->len > DT_REQUEST_ID_MAX) {
        return 0;
    }

    for (i = 0; i < field->len; i++) {
        ch = field->data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9') || ch == '.' || ch == '_'
            || ch == '-')
        {
            continue;
        }

        return 0;
    }

    return 1;
}
