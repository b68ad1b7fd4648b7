
/*
 * Input from a query string (application/x-www-form-urlencoded).  Of a name
 * that comes twice the last counts; an empty value is as good as none, for
 * that is what forms send for what was left out.
 */

#include "dt_rule.h"


static ngx_str_t dt_query_last(const ngx_str_t *args, const char *name);
static ngx_uint_t dt_query_named(const u_char *p, const u_char *end,
    const char *name);
static dt_error_e dt_query_raw(ngx_pool_t *pool, const dt_field_t *field,
    const ngx_str_t *escaped, dt_raw_t *raw);
static ngx_int_t dt_query_unescape(const ngx_str_t *escaped,
    ngx_str_t *text);
static ngx_int_t dt_query_byte(const u_char **p, const u_char *end);
static void dt_query_number(dt_raw_t *raw);


dt_error_e
dt_input_query(ngx_pool_t *pool, const dt_input_t *input,
    const ngx_str_t *args, dt_value_t *values, dt_problems_t *problems)
{
    dt_raw_t           raw;
    ngx_str_t          escaped;
    dt_error_e         error, broken;
    ngx_uint_t         i, there;
    const dt_field_t  *field;

    if (dt_rule_begin(input, values) == NGX_ERROR) {
        return DT_INTERNAL;
    }

    error = DT_NO_ERROR;
    there = 0;

    for (i = 0; input->fields[i].name; i++) {
        field = &input->fields[i];
        escaped = dt_query_last(args, field->name);

        broken = dt_query_raw(pool, field, &escaped, &raw);

        if (broken == DT_NO_ERROR) {
            broken = dt_rule_apply(pool, field, &raw, &values[i], problems);

        } else if (broken == DT_MALFORMED) {
            dt_problem_add(problems, field->name, "is invalid");
        }

        error = dt_rule_worse(error, broken);
        there += (raw.type != DT_RAW_ABSENT);
    }

    if (input->any && there == 0 && error == DT_NO_ERROR) {
        dt_problem_add(problems, "query", "can't be blank");
        error = DT_INVALID;
    }

    return error;
}


/* The value as it was sent; empty if there is none. */

static ngx_str_t
dt_query_last(const ngx_str_t *args, const char *name)
{
    ngx_str_t      value;
    const u_char  *p, *end, *next, *equals;

    ngx_str_null(&value);

    if (args->len == 0) {
        return value;
    }

    end = args->data + args->len;

    for (p = args->data; p < end; p = next + 1) {
        next = memchr(p, '&', end - p);
        if (next == NULL) {
            next = end;
        }

        equals = memchr(p, '=', next - p);
        if (equals == NULL) {
            equals = next;
        }

        if (dt_query_named(p, equals, name)) {
            value.data = (u_char *) ngx_min(equals + 1, next);
            value.len = next - value.data;
        }
    }

    return value;
}


static ngx_uint_t
dt_query_named(const u_char *p, const u_char *end, const char *name)
{
    while (p < end && *name) {
        if (dt_query_byte(&p, end) != (u_char) *name++) {
            return 0;
        }
    }

    return p == end && *name == '\0';
}


static dt_error_e
dt_query_raw(ngx_pool_t *pool, const dt_field_t *field,
    const ngx_str_t *escaped, dt_raw_t *raw)
{
    ngx_memzero(raw, sizeof(dt_raw_t));

    if (escaped->len == 0) {
        return DT_NO_ERROR;
    }

    raw->type = DT_RAW_TEXT;

    raw->text.data = ngx_pnalloc(pool, escaped->len);
    if (raw->text.data == NULL) {
        return DT_INTERNAL;
    }

    if (dt_query_unescape(escaped, &raw->text) != NGX_OK) {
        return DT_MALFORMED;
    }

    if (field->kind == DT_NUMBER) {
        dt_query_number(raw);
    }

    if (field->kind == DT_LINES) {
        raw->type = DT_RAW_LINES;
        raw->items = &raw->text;
        raw->nitems = 1;
    }

    return DT_NO_ERROR;
}


static ngx_int_t
dt_query_unescape(const ngx_str_t *escaped, ngx_str_t *text)
{
    u_char        *out;
    ngx_int_t      byte;
    const u_char  *p, *end;

    p = escaped->data;
    end = p + escaped->len;
    out = text->data;

    while (p < end) {
        byte = dt_query_byte(&p, end);

        if (byte == NGX_ERROR) {
            return NGX_ERROR;
        }

        *out++ = (u_char) byte;
    }

    text->len = out - text->data;

    if (dt_utf8_length(text->data, text->len) == -1) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* The byte at *p, which is below "end"; NGX_ERROR for a broken escape. */

static ngx_int_t
dt_query_byte(const u_char **p, const u_char *end)
{
    u_char     ch;
    ngx_int_t  byte;

    ch = *(*p)++;

    if (ch == '+') {
        return ' ';
    }

    if (ch != '%') {
        return ch;
    }

    if (end - *p < 2) {
        *p = end;
        return NGX_ERROR;
    }

    byte = ngx_hextoi((u_char *) *p, 2);
    *p += 2;

    return byte;
}


static void
dt_query_number(dt_raw_t *raw)
{
    u_char      ch;
    size_t      i;
    uint64_t    n, most;
    ngx_uint_t  minus;

    minus = (raw->text.data[0] == '-');
    most = (uint64_t) INT64_MAX + minus;
    raw->type = (raw->text.len > minus) ? DT_RAW_NUMBER : DT_RAW_OTHER;
    n = 0;

    for (i = minus; i < raw->text.len; i++) {
        ch = raw->text.data[i];

        if (ch < '0' || ch > '9') {
            raw->type = DT_RAW_OTHER;
            return;
        }

        if (n > (most - (ch - '0')) / 10) {
            raw->type = DT_RAW_HUGE;
            continue;
        }

        n = n * 10 + (ch - '0');
    }

    raw->number = (int64_t) (minus ? 0 - n : n);
}
