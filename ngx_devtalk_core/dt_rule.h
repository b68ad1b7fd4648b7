/*
 * A field's rule applied to what came for it, from whatever source.
 * For dt_input.c and dt_query_string.c only.
 */

#ifndef _DT_RULE_H_INCLUDED_
#define _DT_RULE_H_INCLUDED_


#include "dt_input.h"


typedef enum {
    DT_RAW_ABSENT = 0,
    DT_RAW_NULL,
    DT_RAW_TEXT,
    DT_RAW_NUMBER,
    DT_RAW_HUGE,         /* a whole number beyond int64 */
    DT_RAW_LINES,        /* an array of strings */
    DT_RAW_OTHER         /* of no type that a rule takes */
} dt_raw_e;

/* Slices of the source, valid UTF-8 without NUL. */
typedef struct {
    dt_raw_e      type;
    ngx_str_t     text;
    int64_t       number;
    ngx_str_t    *items;     /* not looked at if nitems is above the rule's */
    ngx_uint_t    nitems;
} dt_raw_t;


/*
 * Sets "value" to a copy in "pool", or adds a problem.  DT_NO_ERROR,
 * DT_INVALID, DT_MALFORMED (a cursor) or DT_INTERNAL.
 */
dt_error_e dt_rule_apply(ngx_pool_t *pool, const dt_field_t *field,
    const dt_raw_t *raw, dt_value_t *value, dt_problems_t *problems);

/* The fields' number, their values made absent; NGX_ERROR if there are more
 * than a call has room for. */
ngx_int_t dt_rule_begin(const dt_input_t *input, dt_value_t *values);

/* Which of two counts for the whole input: our fault, then broken, then
 * invalid. */
dt_error_e dt_rule_worse(dt_error_e one, dt_error_e other);


#endif /* _DT_RULE_H_INCLUDED_ */
