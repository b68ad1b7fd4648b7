
#include "dt_rule.h"
#include "dt_utf8.h"


static const char  dt_blank[] = "can't be blank";
static const char  dt_bad[] = "is invalid";


static ngx_uint_t dt_rule_type(dt_kind_e kind, dt_raw_e type);
static dt_error_e dt_rule_set(ngx_pool_t *pool, const dt_field_t *field,
    const dt_raw_t *raw, dt_value_t *value, dt_problems_t *problems);
static dt_error_e dt_rule_text(ngx_pool_t *pool, const dt_field_t *field,
    const dt_raw_t *raw, dt_value_t *value, dt_problems_t *problems);
static dt_error_e dt_rule_number(ngx_pool_t *pool, const dt_field_t *field,
    const dt_raw_t *raw, dt_value_t *value, dt_problems_t *problems);
static dt_error_e dt_rule_lines(ngx_pool_t *pool, const dt_field_t *field,
    const dt_raw_t *raw, dt_value_t *value, dt_problems_t *problems);
static ngx_uint_t dt_rule_listed(const dt_value_t *value,
    const ngx_str_t *item);
static dt_error_e dt_rule_cursor(ngx_pool_t *pool, const dt_field_t *field,
    const dt_raw_t *raw, dt_value_t *value, dt_problems_t *problems);
static dt_error_e dt_rule_refuse(const dt_field_t *field,
    const char *message, dt_problems_t *problems);
static dt_error_e dt_rule_bound(ngx_pool_t *pool, const dt_field_t *field,
    const char *format, ngx_uint_t bound, dt_problems_t *problems);
static ngx_int_t dt_rule_copy(ngx_pool_t *pool, ngx_str_t *to,
    const ngx_str_t *from);
static ngx_int_t dt_rule_secret(ngx_pool_t *pool, const ngx_str_t *text);
static void dt_rule_wipe(void *data);


ngx_int_t
dt_rule_begin(const dt_input_t *input, dt_value_t *values)
{
    ngx_uint_t  n;

    for (n = 0; input->fields[n].name; n++) {
        if (n == DT_INPUT_FIELDS) {
            return NGX_ERROR;
        }

        ngx_memzero(&values[n], sizeof(dt_value_t));
    }

    return n;
}


dt_error_e
dt_rule_worse(dt_error_e one, dt_error_e other)
{
    if (one == DT_INTERNAL || other == DT_INTERNAL) {
        return DT_INTERNAL;
    }

    if (one == DT_MALFORMED || other == DT_MALFORMED) {
        return DT_MALFORMED;
    }

    return one ? one : other;
}


dt_error_e
dt_rule_apply(ngx_pool_t *pool, const dt_field_t *field, const dt_raw_t *raw,
    dt_value_t *value, dt_problems_t *problems)
{
    dt_error_e  error;

    static const char  *types[] = {
        "must be a string",
        "must be a string",
        "must be an integer",
        "must be an array of strings",
        "must be a string"
    };

    if (raw->type == DT_RAW_ABSENT) {
        if (field->flags & DT_REQUIRED) {
            return dt_rule_refuse(field, dt_blank, problems);
        }

        return DT_NO_ERROR;
    }

    if (raw->type == DT_RAW_NULL) {
        if (field->flags & (DT_REQUIRED|DT_NOT_BLANK)) {
            return dt_rule_refuse(field, dt_blank, problems);
        }

        if (field->flags & DT_EMPTY_NULL) {
            value->presence = DT_NULL;
            return DT_NO_ERROR;
        }
    }

    if (!dt_rule_type(field->kind, raw->type)) {
        return dt_rule_refuse(field, types[field->kind], problems);
    }

    error = dt_rule_set(pool, field, raw, value, problems);

    if (error != DT_NO_ERROR) {
        ngx_memzero(value, sizeof(dt_value_t));
    }

    return error;
}


static ngx_uint_t
dt_rule_type(dt_kind_e kind, dt_raw_e type)
{
    switch (kind) {

    case DT_NUMBER:
        return type == DT_RAW_NUMBER || type == DT_RAW_HUGE;

    case DT_LINES:
        return type == DT_RAW_LINES;

    default:
        return type == DT_RAW_TEXT;
    }
}


static dt_error_e
dt_rule_set(ngx_pool_t *pool, const dt_field_t *field, const dt_raw_t *raw,
    dt_value_t *value, dt_problems_t *problems)
{
    switch (field->kind) {

    case DT_NUMBER:
        return dt_rule_number(pool, field, raw, value, problems);

    case DT_LINES:
        return dt_rule_lines(pool, field, raw, value, problems);

    case DT_CURSOR:
        return dt_rule_cursor(pool, field, raw, value, problems);

    default:
        return dt_rule_text(pool, field, raw, value, problems);
    }
}


static dt_error_e
dt_rule_text(ngx_pool_t *pool, const dt_field_t *field, const dt_raw_t *raw,
    dt_value_t *value, dt_problems_t *problems)
{
    ngx_str_t    text, inner;
    ngx_uint_t   length;
    const char  *wrong;

    inner = dt_utf8_trim(&raw->text);
    text = (field->kind == DT_LINE) ? inner : raw->text;

    if (inner.len == 0 && (field->flags & (DT_REQUIRED|DT_NOT_BLANK))) {
        return dt_rule_refuse(field, dt_blank, problems);
    }

    if (text.len == 0 && (field->flags & DT_EMPTY_NULL)) {
        value->presence = DT_NULL;
        return DT_NO_ERROR;
    }

    if (field->kind == DT_LINE && !dt_utf8_one_line(&text)) {
        return dt_rule_refuse(field, dt_bad, problems);
    }

    length = dt_utf8_length(text.data, text.len);

    if (length < field->min) {
        return dt_rule_bound(pool, field,
                             "is too short (minimum is %ui characters)%Z",
                             field->min, problems);
    }

    if (field->max && length > field->max) {
        return dt_rule_bound(pool, field,
                             "is too long (maximum is %ui characters)%Z",
                             field->max, problems);
    }

    if (dt_rule_copy(pool, &value->text, &text) != NGX_OK) {
        return DT_INTERNAL;
    }

    if ((field->flags & DT_SECRET)
        && dt_rule_secret(pool, &value->text) != NGX_OK)
    {
        return DT_INTERNAL;
    }

    wrong = field->check ? field->check(&value->text) : NULL;
    if (wrong) {
        return dt_rule_refuse(field, wrong, problems);
    }

    value->presence = DT_SET;

    return DT_NO_ERROR;
}


static dt_error_e
dt_rule_number(ngx_pool_t *pool, const dt_field_t *field,
    const dt_raw_t *raw, dt_value_t *value, dt_problems_t *problems)
{
    u_char   *message;
    int64_t   min, max;

    min = (int64_t) ngx_min(field->min, (ngx_uint_t) INT64_MAX);
    max = field->max ? (int64_t) ngx_min(field->max, (ngx_uint_t) INT64_MAX)
                     : INT64_MAX;

    if (raw->type == DT_RAW_HUGE || raw->number < min || raw->number > max) {
        message = ngx_pnalloc(pool, sizeof("must be between  and ")
                                    + 2 * NGX_INT64_LEN);
        if (message == NULL) {
            return DT_INTERNAL;
        }

        ngx_sprintf(message, "must be between %L and %L%Z", min, max);

        return dt_rule_refuse(field, (char *) message, problems);
    }

    value->text.data = ngx_pnalloc(pool, NGX_INT64_LEN + 1);
    if (value->text.data == NULL) {
        return DT_INTERNAL;
    }

    value->text.len = ngx_sprintf(value->text.data, "%L%Z", raw->number)
                      - value->text.data - 1;
    value->number = raw->number;
    value->presence = DT_SET;

    return DT_NO_ERROR;
}


/* The bound on the items comes first: it also bounds the search for equal
 * ones. */

static dt_error_e
dt_rule_lines(ngx_pool_t *pool, const dt_field_t *field, const dt_raw_t *raw,
    dt_value_t *value, dt_problems_t *problems)
{
    ngx_str_t    item;
    ngx_uint_t   i;
    const char  *wrong;

    if (raw->nitems > field->max) {
        return dt_rule_bound(pool, field,
                             "has too many items (maximum is %ui)%Z",
                             field->max, problems);
    }

    value->items = ngx_palloc(pool, (raw->nitems + 1) * sizeof(ngx_str_t));
    if (value->items == NULL) {
        return DT_INTERNAL;
    }

    for (i = 0; i < raw->nitems; i++) {
        item = dt_utf8_trim(&raw->items[i]);

        if (item.len == 0 || dt_rule_listed(value, &item)) {
            continue;
        }

        if (!dt_utf8_one_line(&item)) {
            return dt_rule_refuse(field, dt_bad, problems);
        }

        if (field->item_max
            && (ngx_uint_t) dt_utf8_length(item.data, item.len)
               > field->item_max)
        {
            return dt_rule_bound(pool, field,
                                 "is too long (maximum is %ui characters)%Z",
                                 field->item_max, problems);
        }

        if (dt_rule_copy(pool, &value->items[value->nitems], &item)
            != NGX_OK)
        {
            return DT_INTERNAL;
        }

        wrong = field->check ? field->check(&value->items[value->nitems])
                             : NULL;
        if (wrong) {
            return dt_rule_refuse(field, wrong, problems);
        }

        value->nitems++;
    }

    if (value->nitems == 0 && (field->flags & (DT_REQUIRED|DT_NOT_BLANK))) {
        return dt_rule_refuse(field, dt_blank, problems);
    }

    value->presence = DT_SET;

    return DT_NO_ERROR;
}


static ngx_uint_t
dt_rule_listed(const dt_value_t *value, const ngx_str_t *item)
{
    ngx_uint_t  i;

    for (i = 0; i < value->nitems; i++) {
        if (value->items[i].len == item->len
            && ngx_memcmp(value->items[i].data, item->data, item->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static dt_error_e
dt_rule_cursor(ngx_pool_t *pool, const dt_field_t *field,
    const dt_raw_t *raw, dt_value_t *value, dt_problems_t *problems)
{
    if (dt_cursor_decode(&raw->text, &value->time, &value->number)
        != NGX_OK)
    {
        dt_problem_add(problems, field->name, dt_bad);
        return DT_MALFORMED;
    }

    if (dt_rule_copy(pool, &value->text, &raw->text) != NGX_OK) {
        return DT_INTERNAL;
    }

    value->presence = DT_SET;

    return DT_NO_ERROR;
}


static dt_error_e
dt_rule_refuse(const dt_field_t *field, const char *message,
    dt_problems_t *problems)
{
    dt_problem_add(problems, field->name, message);

    return DT_INVALID;
}


static dt_error_e
dt_rule_bound(ngx_pool_t *pool, const dt_field_t *field, const char *format,
    ngx_uint_t bound, dt_problems_t *problems)
{
    u_char  *message;

    message = ngx_pnalloc(pool, ngx_strlen(format) + NGX_INT_T_LEN);
    if (message == NULL) {
        return DT_INTERNAL;
    }

    ngx_sprintf(message, format, bound);

    return dt_rule_refuse(field, (char *) message, problems);
}


static ngx_int_t
dt_rule_copy(ngx_pool_t *pool, ngx_str_t *to, const ngx_str_t *from)
{
    u_char  *p;

    p = ngx_pnalloc(pool, from->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (from->len) {
        ngx_memcpy(p, from->data, from->len);
    }

    p[from->len] = '\0';

    to->data = p;
    to->len = from->len;

    return NGX_OK;
}


/* A pool runs its cleanups before it frees anything. */

static ngx_int_t
dt_rule_secret(ngx_pool_t *pool, const ngx_str_t *text)
{
    ngx_str_t           *secret;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_str_t));
    if (cln == NULL) {
        ngx_explicit_memzero(text->data, text->len);
        return NGX_ERROR;
    }

    secret = cln->data;
    *secret = *text;
    cln->handler = dt_rule_wipe;

    return NGX_OK;
}


static void
dt_rule_wipe(void *data)
{
    ngx_str_t  *secret = data;

    ngx_explicit_memzero(secret->data, secret->len);
}


void
dt_problem_add(dt_problems_t *problems, const char *field,
    const char *message)
{
    if (problems->n == DT_INPUT_PROBLEMS) {
        return;
    }

    problems->list[problems->n].field = field;
    problems->list[problems->n].message = message;
    problems->n++;
}
