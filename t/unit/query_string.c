
/* Input rules over query strings: ngx_devtalk_core/dt_query_string.c. */

/* sources: ngx_devtalk_core/dt_query_string.c ngx_devtalk_core/dt_rule.c */
/* sources: ngx_devtalk_core/dt_utf8.c ngx_devtalk_core/dt_cursor.c */
/* libs: -ljansson */

#include "tap.h"
#include "dt_input.h"


static dt_value_t     values[DT_INPUT_FIELDS];
static dt_problems_t  problems;

enum { TAG, LIMIT, OFFSET, CURSOR, SORT, NAMES };

static const dt_field_t  fields[] = {
    { "tag", DT_LINE, 0, 0, 5, 0, NULL },
    { "limit", DT_NUMBER, 0, 1, 100, 0, NULL },
    { "offset", DT_NUMBER, 0, 0, 0, 0, NULL },
    { "cursor", DT_CURSOR, 0, 0, 0, 0, NULL },
    { "sort by", DT_TEXT, DT_EMPTY_NULL, 0, 0, 0, NULL },
    { "names", DT_LINES, 0, 0, 2, 5, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_input_t  list = { DT_IN_QUERY, NULL, 0, fields, 0 };
static const dt_input_t  any = { DT_IN_QUERY, NULL, 0, fields, 1 };

static const dt_field_t  needed[] = {
    { "q", DT_LINE, DT_REQUIRED, 0, 0, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_input_t  search = { DT_IN_QUERY, NULL, 0, needed, 0 };


static dt_error_e
take(const dt_input_t *input, const char *args, size_t len)
{
    ngx_str_t  slice;

    slice = tap_slice(args, len);
    memset(values, 0xa5, sizeof(values));
    memset(&problems, 0, sizeof(problems));

    return dt_input_query(tap_pool, input, &slice, values, &problems);
}


static void
good(const char *args)
{
    is(take(&list, args, strlen(args)), DT_NO_ERROR, "taken: %s", args);
    is(problems.n, 0, "no problem");
}


static void
refused(const dt_input_t *input, const char *args, dt_error_e error,
    const char *field, const char *message)
{
    is(take(input, args, strlen(args)), error, "refused: %s", args);
    is(problems.n, 1, "one problem");

    if (problems.n) {
        is_text(problems.list[0].field, field, "of %s", field);
        is_text(problems.list[0].message, message, "it %s", message);
    }
}


static void
absent(const char *args)
{
    good(args);

    ok(values[TAG].presence == DT_ABSENT && values[LIMIT].presence == DT_ABSENT
       && values[CURSOR].presence == DT_ABSENT
       && values[SORT].presence == DT_ABSENT,
       "nothing in: %s", args);
}


static void
tag(const char *args, const char *expected)
{
    good(args);
    is(values[TAG].presence, DT_SET, "there is a tag");
    is_str(&values[TAG].text, expected, "the tag of %s", args);
    is(values[TAG].text.data[values[TAG].text.len], 0, "a C string");
}


static void
test_names(void)
{
    ngx_str_t  none = ngx_null_string;

    memset(&problems, 0, sizeof(problems));
    is(dt_input_query(tap_pool, &list, &none, values, &problems),
       DT_NO_ERROR, "no query at all");

    absent("");
    absent("&");
    absent("&&&");
    absent("=");
    absent("=a");
    absent("&=&=");
    absent("?tag=a");
    absent("Tag=a");
    absent("tags=a");
    absent("ta=a");
    absent("tag[]=a");
    absent("tag%00=a");
    absent("%ta=a");
    absent("%=a");
    absent("tag%=a");
    absent("tag%2=a");
    absent("other=%zz&more=%ff&x=%00");
    absent("tag");
    absent("tag=");
    absent("tag&limit&cursor");
    absent("tag=&limit=&cursor=&sort+by=");

    tag("tag=a", "a");
    tag("&tag=a&", "a");
    tag("x&tag=a&y=1", "a");
    tag("%74%61%67=a", "a");
    tag("tag=a=b", "a=b");
    tag("tag==", "=");
    tag("tag=a&tag=b", "b");
    tag("tag=%zz&tag=b", "b");
    tag("tag=a;b", "a;b");
    tag("tag=a?b", "a?b");

    absent("tag=a&tag=");
    absent("tag=a&tag");

    good("sort+by=x");
    is_str(&values[SORT].text, "x", "a name with a blank, as a plus");
    good("sort%20by=x");
    is_str(&values[SORT].text, "x", "a name with a blank, escaped");
}


static void
test_escapes(void)
{
    static const char  bad[] = "is invalid";

    tag("tag=a+b", "a b");
    tag("tag=a%20b", "a b");
    tag("tag=a%2Bb", "a+b");
    tag("tag=a%2bb", "a+b");
    tag("tag=a%26b", "a&b");
    tag("tag=%25", "%");
    tag("tag=%2500", "%00");
    tag("tag=%D1%8F", "\xd1\x8f");
    tag("tag=\xd1\x8f", "\xd1\x8f");
    tag("tag=++a++", "a");
    tag("tag=%f0%9f%98%80", "\xf0\x9f\x98\x80");

    refused(&list, "tag=%", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%2", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%2&limit=1", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%zz", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%2z", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=a%-1", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%00", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=a%00b", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%ff", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=\xff", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%c0%af", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%ed%a0%80", DT_MALFORMED, "tag", bad);
    refused(&list, "tag=%d1", DT_MALFORMED, "tag", bad);
    refused(&list, "limit=%zz", DT_MALFORMED, "limit", bad);

    refused(&list, "tag=a%0Ab", DT_INVALID, "tag", bad);
    refused(&list, "tag=abcdef", DT_INVALID, "tag",
            "is too long (maximum is 5 characters)");
    tag("tag=%D1%8F%D1%8F%D1%8F%D1%8F%D1%8F",
        "\xd1\x8f\xd1\x8f\xd1\x8f\xd1\x8f\xd1\x8f");

    good("tag=+");
    is(values[TAG].presence, DT_SET, "a blank is a tag nobody has");
    is(values[TAG].text.len, 0, "an empty one");
}


static void
limit(const char *args, int64_t expected)
{
    good(args);
    is(values[LIMIT].number, expected, "the limit of %s", args);
}


static void
test_numbers(void)
{
    static const char  range[] = "must be between 1 and 100";
    static const char  huge[] = "must be between 0 and 9223372036854775807";
    static const char  type[] = "must be an integer";

    limit("limit=1", 1);
    limit("limit=100", 100);
    limit("limit=007", 7);
    is_str(&values[LIMIT].text, "7", "as a text it is tidy");
    limit("limit=%32%30", 20);

    refused(&list, "limit=0", DT_INVALID, "limit", range);
    refused(&list, "limit=101", DT_INVALID, "limit", range);
    refused(&list, "limit=-1", DT_INVALID, "limit", range);
    refused(&list, "limit=9223372036854775807", DT_INVALID, "limit", range);
    refused(&list, "limit=9223372036854775808", DT_INVALID, "limit", range);
    refused(&list, "limit=-9223372036854775808", DT_INVALID, "limit", range);
    refused(&list, "limit=-9223372036854775809", DT_INVALID, "limit", range);
    refused(&list, "limit=18446744073709551617", DT_INVALID, "limit", range);
    refused(&list, "limit=99999999999999999999999999999999999999999999",
            DT_INVALID, "limit", range);

    refused(&list, "limit=a", DT_INVALID, "limit", type);
    refused(&list, "limit=-", DT_INVALID, "limit", type);
    refused(&list, "limit=--1", DT_INVALID, "limit", type);
    refused(&list, "limit=1-", DT_INVALID, "limit", type);
    refused(&list, "limit=1.0", DT_INVALID, "limit", type);
    refused(&list, "limit=1e1", DT_INVALID, "limit", type);
    refused(&list, "limit=0x1", DT_INVALID, "limit", type);
    refused(&list, "limit=+1", DT_INVALID, "limit", type);
    refused(&list, "limit=%2B1", DT_INVALID, "limit", type);
    refused(&list, "limit=1+", DT_INVALID, "limit", type);
    refused(&list, "limit=+", DT_INVALID, "limit", type);
    refused(&list, "limit=99999999999999999999999x", DT_INVALID, "limit",
            type);
    refused(&list, "limit=\xd9\xa1", DT_INVALID, "limit", type);
    refused(&list, "limit=NaN", DT_INVALID, "limit", type);

    good("offset=9223372036854775807");
    is(values[OFFSET].number, INT64_MAX, "the highest there is");
    good("offset=0");
    is(values[OFFSET].number, 0, "the least");
    good("offset=-0");
    is(values[OFFSET].number, 0, "minus nothing");
    refused(&list, "offset=9223372036854775808", DT_INVALID, "offset", huge);
    refused(&list, "offset=-1", DT_INVALID, "offset", huge);
}


static void
test_cursors(void)
{
    char        args[64];
    u_char      text[DT_CURSOR_LEN];
    ngx_uint_t  i;

    static const char  *bad[] = {
        "cursor=x", "cursor=AAAAAAAAAAAAAAAAAAAAAAAA", "cursor=%20",
        "cursor=null", "cursor=%3D%3D%3D%3D", "cursor=0", "cursor=+"
    };

    dt_cursor_encode(text, 1700000000000001, 77);
    sprintf(args, "limit=5&cursor=%.*s", DT_CURSOR_LEN, text);

    good(args);
    is(values[CURSOR].presence, DT_SET, "there is a cursor");
    is(values[CURSOR].time, 1700000000000001, "its time");
    is(values[CURSOR].number, 77, "its id");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refused(&list, bad[i], DT_MALFORMED, "cursor", "is invalid");
    }

    sprintf(args, "limit=5&cursor=%.*s=", DT_CURSOR_LEN, text);
    refused(&list, args, DT_MALFORMED, "cursor", "is invalid");
}


static void
test_rules(void)
{
    refused(&search, "", DT_INVALID, "q", "can't be blank");
    refused(&search, "q=", DT_INVALID, "q", "can't be blank");
    refused(&search, "q=+%C2%A0", DT_INVALID, "q", "can't be blank");
    is(take(&search, "q=a", 3), DT_NO_ERROR, "a required one that is there");

    refused(&any, "", DT_INVALID, "query", "can't be blank");
    refused(&any, "other=1", DT_INVALID, "query", "can't be blank");
    is(take(&any, "tag=a", 5), DT_NO_ERROR, "one of those needed");

    good("names=a");
    is(values[NAMES].nitems, 1, "a list of one");
    is_str(&values[NAMES].items[0], "a", "its item");

    is(take(&list, "limit=0&offset=x&tag=%zz", 24), DT_MALFORMED,
       "what is broken outweighs what is invalid");
    is(problems.n, 3, "each is named");
}


/* Each byte at each place. */

static void
test_torn(void)
{
    char        args[64];
    size_t      i, len;
    ngx_uint_t  ch, n;

    static const char  whole[] = "tag=%D1%8F+a&limit=20&cursor=x&sort%20by=1";

    len = sizeof(whole) - 1;

    for (n = 0, i = 0; i < len; i++) {
        for (ch = 0; ch < 256; ch++) {
            memcpy(args, whole, len);
            args[i] = (char) ch;
            n += (take(&list, args, len) == DT_INTERNAL);
            n += (take(&list, args, i + 1) == DT_INTERNAL);
        }
    }

    is(n, 0, "a changed byte is never our fault");
}


int
main(void)
{
    tap_start();

    test_names();
    test_escapes();
    test_numbers();
    test_cursors();
    test_rules();
    test_torn();

    return done();
}
