#include "fuzz.h"
#include "lib/services.h"
#include "auth_common.h"
#include "dt_utf8.h"


/* In place of the long list. */

const char *const  auth_common_passwords[] = { "12345678", "password" };
const ngx_uint_t   auth_common_passwords_n = 2;


extern ngx_module_t  ngx_devtalk_auth_module;
extern ngx_module_t  ngx_devtalk_articles_module;
extern ngx_module_t  ngx_devtalk_comments_module;

const dt_service_t  *services[SERVICES];


void
services_start(void)
{
    ngx_uint_t     i;
    ngx_module_t  *modules[] = {
        &ngx_devtalk_auth_module,
        &ngx_devtalk_articles_module,
        &ngx_devtalk_comments_module
    };

    must(ngx_crc32_table_init() == NGX_OK);

    for (i = 0; i < SERVICES; i++) {
        services[i] = modules[i]->commands->post;
        must(services[i]->abi == DT_ABI && services[i]->routes->pattern);
    }
}


/* A C string of valid characters, of a rule's own length. */

static void
text_taken(const dt_field_t *field, const ngx_str_t *text, ngx_uint_t max)
{
    ngx_int_t  n;
    ngx_str_t  inner;

    must(text->data[text->len] == '\0');
    must(strlen((char *) text->data) == text->len);

    n = dt_utf8_length(text->data, text->len);
    must(n >= 0 && (max == 0 || (ngx_uint_t) n <= max));
    must(field->check == NULL || field->check(text) == NULL);

    if (field->kind == DT_LINE || field->kind == DT_LINES) {
        must(dt_utf8_one_line(text));
        inner = dt_utf8_trim(text);
        must(fuzz_same(text, &inner));
    }
}


static void
items_taken(const dt_field_t *field, const dt_value_t *value)
{
    ngx_uint_t  i, k;

    must(value->nitems <= field->max);

    for (i = 0; i < value->nitems; i++) {
        must(value->items[i].len > 0);
        text_taken(field, &value->items[i], field->item_max);

        for (k = 0; k < i; k++) {
            must(!fuzz_same(&value->items[i], &value->items[k]));
        }
    }
}


static void
number_taken(const dt_field_t *field, const dt_value_t *value)
{
    must(value->number >= (int64_t) field->min);
    must(field->max == 0 || value->number <= (int64_t) field->max);
    must(strtoll((char *) value->text.data, NULL, 10) == value->number);
    must(value->text.data[value->text.len] == '\0');
}


static void
value_taken(const dt_field_t *field, const dt_value_t *value)
{
    ngx_str_t  inner;

    switch (field->kind) {

    case DT_NUMBER:
        number_taken(field, value);
        return;

    case DT_LINES:
        items_taken(field, value);
        return;

    case DT_CURSOR:
        must(value->time >= 0 && value->number >= 0);
        must(value->text.len == DT_CURSOR_LEN);
        return;

    default:
        text_taken(field, &value->text, field->max);
        must((ngx_uint_t) dt_utf8_length(value->text.data, value->text.len)
             >= field->min);

        if (field->flags & (DT_REQUIRED|DT_NOT_BLANK)) {
            inner = dt_utf8_trim(&value->text);
            must(inner.len > 0);
        }
    }
}


static void
problems_told(const dt_input_t *input, const dt_problems_t *problems)
{
    ngx_uint_t         i;
    const dt_field_t  *field;

    must(problems->n > 0 && problems->n <= DT_INPUT_PROBLEMS);

    for (i = 0; i < problems->n; i++) {
        for (field = input->fields; field->name; field++) {
            if (strcmp(field->name, problems->list[i].field) == 0) {
                break;
            }
        }

        must(field->name || strcmp(problems->list[i].field, "body") == 0
             || (input->object
                 && strcmp(problems->list[i].field, input->object) == 0));
        must(problems->list[i].message[0]);
    }
}


void
services_taken(const dt_input_t *input, dt_error_e error,
    const dt_value_t *values, const dt_problems_t *problems)
{
    ngx_uint_t         i, there;
    const dt_field_t  *field;

    must(error == DT_NO_ERROR || error == DT_INVALID
         || error == DT_MALFORMED);

    if (error != DT_NO_ERROR) {
        problems_told(input, problems);
        return;
    }

    must(problems->n == 0);
    there = 0;

    for (i = 0; input->fields[i].name; i++) {
        field = &input->fields[i];

        switch (values[i].presence) {

        case DT_ABSENT:
            must(!(field->flags & DT_REQUIRED));
            break;

        case DT_NULL:
            must(field->flags & DT_EMPTY_NULL);
            there = 1;
            break;

        case DT_SET:
            value_taken(field, &values[i]);
            there = 1;
        }
    }

    must(there || !input->any);
}


void
services_inputs(dt_source_e source,
    void (*take)(const dt_input_t *input, void *data), void *data)
{
    ngx_uint_t         i;
    const dt_route_t  *route;

    for (i = 0; i < SERVICES; i++) {
        for (route = services[i]->routes; route->pattern; route++) {
            if (route->input && route->input->source == source) {
                take(route->input, data);
            }
        }
    }
}
