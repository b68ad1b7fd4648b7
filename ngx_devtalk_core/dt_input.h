/*
 * Input rules: what a route takes from its body or query string, as data.
 * Pure: no request, no clock; unit-tested without nginx's event loop.
 */

#ifndef _DT_INPUT_H_INCLUDED_
#define _DT_INPUT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <jansson.h>

#include "dt_error.h"


#define DT_INPUT_FIELDS   12
#define DT_INPUT_PROBLEMS  8
#define DT_JSON_DEPTH     32


typedef enum {
    DT_LINE,             /* text of one line, blanks at its ends removed */
    DT_TEXT,             /* text as it came */
    DT_NUMBER,           /* integer; min and max are values */
    DT_LINES,            /* array of DT_LINE, at most max of them; each at
                            most item_max characters; equal ones once */
    DT_CURSOR            /* opaque, made by dt_cursor_encode() */
} dt_kind_e;


#define DT_REQUIRED    0x01   /* absent, null or blank: "can't be blank" */
#define DT_NOT_BLANK   0x02   /* may be absent, but not null or blank */
#define DT_EMPTY_NULL  0x04   /* "" means null; null is welcome */
#define DT_SECRET      0x08   /* wiped when the call ends, never logged */


/* Extra rule of a field: NULL if the text is good, else what is wrong with
 * it, a static string ("is invalid"). */
typedef const char *(*dt_check_pt)(const ngx_str_t *text);


typedef struct {
    const char   *name;
    dt_kind_e     kind;
    ngx_uint_t    flags;
    ngx_uint_t    min;          /* characters (UTF-8), or the least value */
    ngx_uint_t    max;          /* characters, items, or the highest value */
    ngx_uint_t    item_max;     /* DT_LINES: characters of an item */
    dt_check_pt   check;        /* or NULL */
} dt_field_t;


typedef enum {
    DT_IN_BODY,          /* {"<object>": {"<field>": ...}} */
    DT_IN_QUERY          /* ?field=... */
} dt_source_e;


typedef struct {
    dt_source_e         source;
    const char         *object;     /* DT_IN_BODY: the wrapping member */
    size_t              body_max;   /* DT_IN_BODY: bytes, else 413 */
    const dt_field_t   *fields;     /* name NULL at the end */
    ngx_uint_t          any;        /* at least one field must be there */
} dt_input_t;


typedef enum {
    DT_ABSENT,
    DT_NULL,
    DT_SET
} dt_presence_e;


typedef struct {
    dt_presence_e   presence;
    ngx_str_t       text;       /* valid UTF-8, no NUL inside, and a NUL
                                   behind data[len]: usable as a C string */
    int64_t         number;     /* DT_NUMBER, DT_CURSOR: id */
    int64_t         time;       /* DT_CURSOR: microseconds */
    ngx_str_t      *items;      /* DT_LINES, in the order they came */
    ngx_uint_t      nitems;
} dt_value_t;


typedef struct {
    const char  *field;
    const char  *message;
} dt_problem_t;

typedef struct {
    dt_problem_t  list[DT_INPUT_PROBLEMS];
    ngx_uint_t    n;
} dt_problems_t;


/*
 * Both fill values[i] for fields[i], from "pool".  DT_NO_ERROR, DT_INVALID
 * (422, "problems" says each field), DT_MALFORMED (400: broken JSON, NUL,
 * bad UTF-8, too deep, broken cursor) or DT_INTERNAL (no memory).
 */
dt_error_e dt_input_json(ngx_pool_t *pool, const dt_input_t *input,
    const ngx_str_t *body, dt_value_t *values, dt_problems_t *problems);
dt_error_e dt_input_query(ngx_pool_t *pool, const dt_input_t *input,
    const ngx_str_t *args, dt_value_t *values, dt_problems_t *problems);

/* Characters of a UTF-8 text; -1 if it is not valid (RFC 3629) or has a
 * NUL. */
ngx_int_t dt_utf8_length(const u_char *data, size_t len);

/* Adds a problem unless the list is full. */
void dt_problem_add(dt_problems_t *problems, const char *field,
    const char *message);


#define DT_CURSOR_LEN  24

/* A keyset position as opaque base64url text; "out" has DT_CURSOR_LEN
 * bytes, the length is returned. */
size_t dt_cursor_encode(u_char *out, int64_t time, int64_t id);
ngx_int_t dt_cursor_decode(const ngx_str_t *text, int64_t *time,
    int64_t *id);


#endif /* _DT_INPUT_H_INCLUDED_ */
