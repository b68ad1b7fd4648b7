
/* Input from a JSON body. */

#include "dt_json.h"
#include "dt_rule.h"


static ngx_uint_t dt_json_blank(const ngx_str_t *body);
static ngx_int_t dt_json_parse(const ngx_str_t *body, json_t **root,
    const char **wrong);
static const char *dt_json_check(const ngx_str_t *body);
static ngx_uint_t dt_json_deep(const ngx_str_t *body);
static dt_error_e dt_json_take(ngx_pool_t *pool, const dt_input_t *input,
    const json_t *root, dt_value_t *values, dt_problems_t *problems);
static dt_error_e dt_json_fields(ngx_pool_t *pool, const dt_input_t *input,
    const json_t *object, dt_value_t *values, dt_problems_t *problems);
static ngx_int_t dt_json_raw(ngx_pool_t *pool, const dt_field_t *field,
    const json_t *json, dt_raw_t *raw);
static ngx_int_t dt_json_lines(ngx_pool_t *pool, const dt_field_t *field,
    const json_t *json, dt_raw_t *raw);


dt_error_e
dt_input_json(ngx_pool_t *pool, const dt_input_t *input,
    const ngx_str_t *body, dt_value_t *values, dt_problems_t *problems)
{
    json_t      *root;
    dt_error_e   error;
    const char  *wrong;

    if (dt_rule_begin(input, values) == NGX_ERROR) {
        return DT_INTERNAL;
    }

    wrong = NULL;

    if (dt_json_parse(body, &root, &wrong) == NGX_ERROR) {
        return DT_INTERNAL;
    }

    if (wrong) {
        dt_problem_add(problems, "body", wrong);
        return DT_MALFORMED;
    }

    /* Nothing of the tree is kept, so that it need not wait for the pool. */

    error = dt_json_take(pool, input, root, values, problems);

    dt_json_free();

    return error;
}


/*
 * Says what is wrong.  Duplicate members are an error: which of them another
 * reader of the same text would take is anybody's guess (RFC 8259 §4).
 */

static ngx_int_t
dt_json_parse(const ngx_str_t *body, json_t **root, const char **wrong)
{
    size_t        flags;
    ngx_int_t     rc;
    json_error_t  error;

    *wrong = dt_json_check(body);
    if (*wrong) {
        return NGX_DECLINED;
    }

    flags = JSON_REJECT_DUPLICATES|JSON_DECODE_ANY;

    rc = dt_json_load((char *) body->data, body->len, flags, root, &error);

    /* A whole number beyond int64 may stand in a member that nobody reads. */

    if (rc == NGX_DECLINED
        && json_error_code(&error) == json_error_numeric_overflow)
    {
        rc = dt_json_load((char *) body->data, body->len,
                          flags|JSON_DECODE_INT_AS_REAL, root, &error);
    }

    if (rc == NGX_DECLINED) {
        *wrong = "is not valid JSON";
    }

    return rc;
}


/* What is looked at before. */

static const char *
dt_json_check(const ngx_str_t *body)
{
    if (dt_json_blank(body)) {
        return "is missing";
    }

    if (memchr(body->data, '\0', body->len)) {
        return "is not valid JSON";
    }

    if (dt_utf8_length(body->data, body->len) == -1) {
        return "is not valid UTF-8";
    }

    if (dt_json_deep(body)) {
        return "is nested too deeply";
    }

    return NULL;
}


static ngx_uint_t
dt_json_blank(const ngx_str_t *body)
{
    size_t  i;

    for (i = 0; i < body->len; i++) {
        switch (body->data[i]) {

        case ' ':
        case '\t':
        case '\r':
        case '\n':
            continue;

        default:
            return 0;
        }
    }

    return 1;
}


/* jansson parses by recursion.  Of broken JSON the depth may come out wrong:
 * then it is refused for the one reason or the other. */

static ngx_uint_t
dt_json_deep(const ngx_str_t *body)
{
    u_char      ch;
    size_t      i;
    ngx_uint_t  depth, text;

    depth = 0;
    text = 0;

    for (i = 0; i < body->len; i++) {
        ch = body->data[i];

        if (text) {
            if (ch == '\\') {
                i++;

            } else if (ch == '"') {
                text = 0;
            }

            continue;
        }

        switch (ch) {

        case '"':
            text = 1;
            break;

        case '[':
        case '{':
            if (++depth > DT_JSON_DEPTH) {
                return 1;
            }

            break;

        case ']':
        case '}':
            depth -= (depth > 0);
            break;
        }
    }

    return 0;
}


static dt_error_e
dt_json_take(ngx_pool_t *pool, const dt_input_t *input, const json_t *root,
    dt_value_t *values, dt_problems_t *problems)
{
    const char    *name;
    const json_t  *object;

    object = root;
    name = "body";

    if (input->object && json_is_object(root)) {
        object = json_object_get(root, input->object);
        name = input->object;
    }

    if (object == NULL || json_is_null(object)) {
        dt_problem_add(problems, name, "can't be blank");
        return DT_INVALID;
    }

    if (!json_is_object(object)) {
        dt_problem_add(problems, name, "must be an object");
        return DT_INVALID;
    }

    return dt_json_fields(pool, input, object, values, problems);
}


static dt_error_e
dt_json_fields(ngx_pool_t *pool, const dt_input_t *input,
    const json_t *object, dt_value_t *values, dt_problems_t *problems)
{
    dt_raw_t           raw;
    dt_error_e         error;
    ngx_uint_t         i, there;
    const json_t      *json;
    const dt_field_t  *field;

    error = DT_NO_ERROR;
    there = 0;

    for (i = 0; input->fields[i].name; i++) {
        field = &input->fields[i];
        json = json_object_get(object, field->name);
        there += (json != NULL);

        if (dt_json_raw(pool, field, json, &raw) != NGX_OK) {
            return DT_INTERNAL;
        }

        error = dt_rule_worse(error,
                              dt_rule_apply(pool, field, &raw, &values[i],
                                            problems));

        /* jansson frees the text without wiping it. */

        if ((field->flags & DT_SECRET) && json_is_string(json)) {
            ngx_explicit_memzero((char *) json_string_value(json),
                                 json_string_length(json));
        }
    }

    if (input->any && there == 0 && error == DT_NO_ERROR) {
        dt_problem_add(problems, input->object ? input->object : "body",
                       "can't be blank");
        error = DT_INVALID;
    }

    return error;
}


static ngx_int_t
dt_json_raw(ngx_pool_t *pool, const dt_field_t *field, const json_t *json,
    dt_raw_t *raw)
{
    ngx_memzero(raw, sizeof(dt_raw_t));

    if (json == NULL) {
        return NGX_OK;
    }

    raw->type = DT_RAW_OTHER;

    switch (json_typeof(json)) {

    case JSON_NULL:
        raw->type = DT_RAW_NULL;
        break;

    case JSON_STRING:
        raw->type = DT_RAW_TEXT;
        raw->text.data = (u_char *) json_string_value(json);
        raw->text.len = json_string_length(json);
        break;

    case JSON_INTEGER:
        raw->type = DT_RAW_NUMBER;
        raw->number = json_integer_value(json);
        break;

    case JSON_ARRAY:
        if (field->kind == DT_LINES) {
            return dt_json_lines(pool, field, json, raw);
        }

        break;

    default:
        break;
    }

    return NGX_OK;
}


static ngx_int_t
dt_json_lines(ngx_pool_t *pool, const dt_field_t *field, const json_t *json,
    dt_raw_t *raw)
{
    size_t         i;
    const json_t  *item;

    raw->nitems = json_array_size(json);

    for (i = 0; i < raw->nitems; i++) {
        if (!json_is_string(json_array_get(json, i))) {
            return NGX_OK;
        }
    }

    raw->type = DT_RAW_LINES;

    if (raw->nitems > field->max) {
        return NGX_OK;
    }

    raw->items = ngx_palloc(pool, (raw->nitems + 1) * sizeof(ngx_str_t));
    if (raw->items == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < raw->nitems; i++) {
        item = json_array_get(json, i);
        raw->items[i].data = (u_char *) json_string_value(item);
        raw->items[i].len = json_string_length(item);
    }

    return NGX_OK;
}
