/*
 * JSON bodies, read by the rules of each route that takes one.
 */

/* sources: t/fuzz/lib/services.c */
/* sources: ngx_devtalk_auth/ngx_devtalk_auth_module.c ngx_devtalk_auth/auth_user.c ngx_devtalk_auth/auth_session.c ngx_devtalk_auth/auth_grant.c ngx_devtalk_auth/auth_rule.c */
/* sources: ngx_devtalk_articles/ngx_devtalk_articles_module.c */
/* sources: ngx_devtalk_comments/ngx_devtalk_comments_module.c */
/* sources: ngx_devtalk_core/dt_input.c ngx_devtalk_core/dt_rule.c */
/* sources: ngx_devtalk_core/dt_utf8.c ngx_devtalk_core/dt_cursor.c */
/* sources: ngx_devtalk_core/dt_json.c */
/* libs: -no-pie -Wl,--unresolved-symbols=ignore-all -ljansson */

#include "fuzz.h"
#include "lib/services.h"


static json_t *
member(const dt_field_t *field, const dt_value_t *value)
{
    json_t      *lines;
    ngx_uint_t   i;

    if (value->presence == DT_NULL) {
        return json_null();
    }

    switch (field->kind) {

    case DT_NUMBER:
        return json_integer(value->number);

    case DT_LINES:
        lines = json_array();

        for (i = 0; i < value->nitems; i++) {
            json_array_append_new(lines,
                                  json_stringn((char *) value->items[i].data,
                                               value->items[i].len));
        }

        return lines;

    default:
        return json_stringn((char *) value->text.data, value->text.len);
    }
}


/* What was taken, as JSON. */

static char *
written(const dt_input_t *input, const dt_value_t *values)
{
    char        *text;
    json_t      *fields, *root;
    ngx_uint_t   i;

    fields = json_object();

    for (i = 0; input->fields[i].name; i++) {
        if (values[i].presence != DT_ABSENT) {
            json_object_set_new(fields, input->fields[i].name,
                                member(&input->fields[i], &values[i]));
        }
    }

    root = json_object();
    json_object_set_new(root, input->object, fields);

    text = json_dumps(root, 0);
    must(text != NULL);
    json_decref(root);

    return text;
}


/* It is taken once more, and is the same. */

static void
again(const dt_input_t *input, const dt_value_t *values)
{
    char           *text;
    dt_value_t      same[DT_INPUT_FIELDS];
    ngx_str_t       body;
    ngx_uint_t      i, k;
    dt_problems_t   problems;

    text = written(input, values);
    body.data = (u_char *) text;
    body.len = strlen(text);
    problems.n = 0;

    must(dt_input_json(fuzz_pool, input, &body, same, &problems)
         == DT_NO_ERROR);

    for (i = 0; input->fields[i].name; i++) {
        must(same[i].presence == values[i].presence);
        must(fuzz_same(&same[i].text, &values[i].text));
        must(same[i].number == values[i].number);
        must(same[i].nitems == values[i].nitems);

        for (k = 0; k < same[i].nitems; k++) {
            must(fuzz_same(&same[i].items[k], &values[i].items[k]));
        }
    }

    free(text);
}


void
fuzz_start(void)
{
    services_start();
}


static void
take(const dt_input_t *input, void *data)
{
    dt_value_t      values[DT_INPUT_FIELDS];
    dt_error_e      error;
    dt_problems_t   problems;

    problems.n = 0;
    error = dt_input_json(fuzz_pool, input, data, values, &problems);
    services_taken(input, error, values, &problems);

    if (error == DT_NO_ERROR) {
        again(input, values);
    }
}


void
fuzz_one(ngx_str_t body)
{
    services_inputs(DT_IN_BODY, take, &body);
}
