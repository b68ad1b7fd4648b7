
/* Input rules over JSON bodies: ngx_devtalk_core/dt_input.c, dt_rule.c. */

/* sources: ngx_devtalk_core/dt_input.c ngx_devtalk_core/dt_rule.c */
/* sources: ngx_devtalk_core/dt_utf8.c ngx_devtalk_core/dt_cursor.c */
/* sources: ngx_devtalk_core/dt_json.c */
/* libs: -ljansson */

#include "tap.h"
#include "dt_input.h"


static dt_value_t     values[DT_INPUT_FIELDS + 1];
static dt_problems_t  problems;


static const char *
no_x(const ngx_str_t *text)
{
    /* A rule sees a C string. */

    if (text->data[text->len] != '\0') {
        return "has no NUL";
    }

    return strchr((char *) text->data, 'x') ? "has an x" : NULL;
}


enum { TITLE, BODY, NICK, ABOUT, AGE, TAGS, AFTER, PASSWORD };

static const dt_field_t  fields[] = {
    { "title", DT_LINE, DT_REQUIRED, 2, 5, 0, no_x },
    { "body", DT_TEXT, DT_NOT_BLANK, 0, 10, 0, NULL },
    { "nick", DT_LINE, 0, 0, 0, 0, NULL },
    { "bio", DT_TEXT, DT_EMPTY_NULL, 0, 5, 0, NULL },
    { "age", DT_NUMBER, 0, 1, 100, 0, NULL },
    { "tags", DT_LINES, 0, 0, 3, 4, no_x },
    { "after", DT_CURSOR, 0, 0, 0, 0, NULL },
    { "password", DT_TEXT, DT_SECRET, 3, 8, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_input_t  article = { DT_IN_BODY, "article", 4096, fields, 0 };


/* All optional, one needed. */

static const dt_field_t  some_fields[] = {
    { "one", DT_TEXT, DT_EMPTY_NULL, 0, 0, 0, NULL },
    { "two", DT_LINES, DT_NOT_BLANK, 0, 2, 0, NULL },
    { "three", DT_NUMBER, DT_EMPTY_NULL, 0, 0, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_input_t  some = { DT_IN_BODY, "some", 4096, some_fields, 1 };
static const dt_input_t  flat = { DT_IN_BODY, NULL, 4096, some_fields, 1 };


static dt_error_e
take(const dt_input_t *input, const char *body, size_t len)
{
    ngx_str_t  slice;

    slice = tap_slice(body, len);
    memset(values, 0xa5, sizeof(values));
    memset(&problems, 0, sizeof(problems));

    return dt_input_json(tap_pool, input, &slice, values, &problems);
}


static dt_error_e
takes(const dt_input_t *input, const char *body)
{
    return take(input, body, strlen(body));
}


static void
good(const dt_input_t *input, const char *body)
{
    is(takes(input, body), DT_NO_ERROR, "taken: %s", body);
    is(problems.n, 0, "no problem");
}


static void
refused(const dt_input_t *input, const char *body, size_t len,
    dt_error_e error, const char *field, const char *message)
{
    is(take(input, body, len), error, "refused: %.60s", body);
    is(problems.n, 1, "one problem");

    if (problems.n) {
        is_text(problems.list[0].field, field, "of %s", field);
        is_text(problems.list[0].message, message, "it %s", message);
    }
}


static void
malformed(const char *body, const char *message)
{
    refused(&article, body, strlen(body), DT_MALFORMED, "body", message);
}


static void
invalid(const dt_input_t *input, const char *body, const char *field,
    const char *message)
{
    refused(input, body, strlen(body), DT_INVALID, field, message);
}


/* The article with these members besides a good title. */

static const char *
with(const char *members)
{
    static char  body[1024];

    snprintf(body, sizeof(body), "{\"article\":{\"title\":\"abc\",%s}}",
             members);

    return body;
}


static void
test_malformed(void)
{
    static const char  json[] = "is not valid JSON";
    static const char  utf8[] = "is not valid UTF-8";

    ngx_str_t  none = ngx_null_string;

    memset(&problems, 0, sizeof(problems));
    is(dt_input_json(tap_pool, &article, &none, values, &problems),
       DT_MALFORMED, "no body at all");
    is_text(problems.list[0].message, "is missing", "it is missing");

    malformed("", "is missing");
    malformed(" \t\r\n", "is missing");

    malformed("{", json);
    malformed("}", json);
    malformed("{\"article\"", json);
    malformed("{\"article\":}", json);
    malformed("{\"article\":{\"title\":\"abc}}", json);
    malformed("{\"article\":{\"title\":\"abc\"}", json);
    malformed("{\"article\":{\"title\":\"abc\",}}", json);
    malformed("{'article':{'title':'abc'}}", json);
    malformed("{article:{}}", json);
    malformed("{\"article\":{\"title\":\"abc\"}} x", json);
    malformed("{\"article\":{\"title\":\"abc\"}}{}", json);
    malformed("{\"article\":{\"title\":\"abc\"}}\"", json);
    malformed("{\"article\":{\"title\":\"abc\"}}]", json);
    malformed("\xef\xbb\xbf{\"article\":{\"title\":\"abc\"}}", json);
    malformed("{\"article\":{\"title\":\"a\\u0000c\"}}", json);
    malformed("{\"article\":{\"ti\\u0000tle\":\"abc\"}}", json);
    malformed("{\"article\":{\"title\":\"\\ud800\"}}", json);
    malformed("{\"article\":{\"title\":\"\\ud800\\u0041\"}}", json);
    malformed("{\"article\":{\"title\":\"\\udc00\\ud800\"}}", json);
    malformed("{\"article\":{\"title\":\"\\x41\"}}", json);
    malformed("{\"article\":{\"title\":\"\\u12\"}}", json);
    malformed("{\"article\":{\"title\":\"a\nb\"}}", json);
    malformed("{\"article\":{\"title\":\"abc\",\"title\":\"abd\"}}", json);
    malformed("{\"article\":{\"title\":\"abc\"},\"article\":{}}", json);
    malformed("{\"x\":{\"a\":1,\"a\":1},\"article\":{\"title\":\"abc\"}}",
              json);
    malformed("NaN", json);
    malformed("{\"x\":Infinity}", json);
    malformed("{\"x\":01}", json);
    malformed("{\"x\":1e999}", json);
    malformed("title=abc&body=x", json);
    malformed("<article/>", json);

    refused(&article, "{\"article\":\0{}}", 15, DT_MALFORMED, "body", json);
    refused(&article, "{}\0", 3, DT_MALFORMED, "body", json);
    refused(&article, "\0", 1, DT_MALFORMED, "body", json);

    malformed("{\"article\":{\"title\":\"\xff\"}}", utf8);
    malformed("{\"article\":{\"title\":\"\xc0\xaf\"}}", utf8);
    malformed("{\"article\":{\"title\":\"\xed\xa0\x80\"}}", utf8);
    malformed("{\"article\":{\"title\":\"\xd0\"}}", utf8);
    malformed("{\"\xfe\":1}", utf8);
    malformed("\xff\xfe{", utf8);
    malformed("\xff", utf8);
}


static void
nested(char open, char close, ngx_uint_t depth, ngx_uint_t fits)
{
    char        body[512];
    size_t      n;
    ngx_uint_t  i;

    n = sprintf(body, "{\"article\":{\"title\":\"abc\"},\"x\":");

    for (i = 1; i < depth; i++) {
        n += sprintf(body + n, "%c%s", open, open == '{' ? "\"y\":" : "");
    }

    n += sprintf(body + n, "1");

    for (i = 1; i < depth; i++) {
        n += sprintf(body + n, "%c", close);
    }

    sprintf(body + n, "}");

    if (fits) {
        is(takes(&article, body), DT_NO_ERROR, "%u deep in %c",
           (unsigned) depth, open);

    } else {
        malformed(body, "is nested too deeply");
    }
}


static void
test_depth(void)
{
    size_t       len;
    static char  body[1000001];

    nested('[', ']', DT_JSON_DEPTH, 1);
    nested('[', ']', DT_JSON_DEPTH + 1, 0);
    nested('{', '}', DT_JSON_DEPTH, 1);
    nested('{', '}', DT_JSON_DEPTH + 1, 0);

    len = sizeof(body) - 1;
    memset(body, '[', len);
    body[len] = '\0';
    malformed(body, "is nested too deeply");
    memset(body, ']', len);
    malformed(body, "is not valid JSON");

    good(&article, with("\"x\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""));
    good(&article, with("\"x\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""));
    good(&article, with("\"x\":\"{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{\","
                        "\"y\":\"a\\\\\""));
    malformed(with("\"x\":\"\\\\\",\"y\":"
                   "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                   "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
              "is nested too deeply");
    good(&article, with("\"x\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
                        "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"));
    malformed(with("\"x\":\"\\"), "is not valid JSON");
}


static void
test_wrapper(void)
{
    static const char  blank[] = "can't be blank";
    static const char  object[] = "must be an object";

    invalid(&article, "{}", "article", blank);
    invalid(&article, "{\"articles\":{}}", "article", blank);
    invalid(&article, "{\"article\":null}", "article", blank);
    invalid(&article, "{\"article\":[]}", "article", object);
    invalid(&article, "{\"article\":\"abc\"}", "article", object);
    invalid(&article, "{\"article\":1}", "article", object);
    invalid(&article, "{\"article\":true}", "article", object);
    invalid(&article, "[]", "body", object);
    invalid(&article, "\"article\"", "body", object);
    invalid(&article, "1", "body", object);
    invalid(&article, "false", "body", object);
    invalid(&article, "null", "body", blank);
    invalid(&article, "{\"article\":{}}", "title", blank);
    invalid(&article, "{\"title\":\"abc\"}", "article", blank);

    good(&article, " {\"article\" : {\"title\" : \"abc\"}} \r\n");
    good(&article, "{\"other\":[1,2.5,null],\"article\":{\"title\":\"abc\","
                   "\"admin\":true,\"id\":7,\"Title\":\"\"}}");
}


static void
test_any(void)
{
    invalid(&some, "{\"some\":{}}", "some", "can't be blank");
    invalid(&some, "{\"some\":{\"four\":1}}", "some", "can't be blank");
    good(&some, "{\"some\":{\"one\":null}}");
    good(&some, "{\"some\":{\"one\":\"\"}}");
    invalid(&some, "{\"some\":{\"two\":1}}", "two",
            "must be an array of strings");

    invalid(&flat, "{}", "body", "can't be blank");
    invalid(&flat, "{\"some\":{\"one\":\"a\"}}", "body", "can't be blank");
    good(&flat, "{\"one\":\"a\"}");
    is_str(&values[0].text, "a", "a member at top level");
    invalid(&flat, "[]", "body", "must be an object");
}


static void
test_line(void)
{
    static const char  is_long[] = "is too long (maximum is 5 characters)";
    static const char  is_short[] = "is too short (minimum is 2 characters)";

#define TITLE_OF(text)  "{\"article\":{\"title\":" text "}}"

    good(&article, TITLE_OF("\"  ab \\t\\n\""));
    is(values[TITLE].presence, DT_SET, "it is there");
    is_str(&values[TITLE].text, "ab", "without the blanks at its ends");
    is(values[TITLE].text.data[2], 0, "a C string");
    is(values[BODY].presence, DT_ABSENT, "what did not come is absent");
    ok(values[BODY].text.data == NULL && values[BODY].text.len == 0
       && values[TAGS].items == NULL && values[AGE].number == 0,
       "and has no value");
    is(values[PASSWORD].presence, DT_ABSENT, "to the last one");
    is(values[PASSWORD + 1].presence, 0xa5a5a5a5,
       "behind the last nothing is written");

    good(&article, TITLE_OF("\"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\""));
    is(values[TITLE].text.len, 10, "five characters of two bytes");
    good(&article, TITLE_OF("\"\\ud83d\\ude00\xf0\x9f\x98\x80\\uffff\""));
    is(values[TITLE].text.len, 11, "a pair of escapes is one character");
    good(&article, TITLE_OF("\"a\\/\\\"\\\\\""));
    is_str(&values[TITLE].text, "a/\"\\", "escapes");

    invalid(&article, TITLE_OF("\"abcdef\""), "title", is_long);
    invalid(&article,
            TITLE_OF("\"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\""),
            "title", is_long);
    good(&article, TITLE_OF("\"   abcde     \""));
    invalid(&article, TITLE_OF("\"a\""), "title", is_short);
    invalid(&article, TITLE_OF("\" \xf0\x9f\x98\x80 \""), "title", is_short);

    invalid(&article, TITLE_OF("\"\""), "title", "can't be blank");
    invalid(&article, TITLE_OF("\" \\u00a0\\u3000\""), "title",
            "can't be blank");
    invalid(&article, TITLE_OF("null"), "title", "can't be blank");
    invalid(&article, TITLE_OF("1"), "title", "must be a string");
    invalid(&article, TITLE_OF("1.5"), "title", "must be a string");
    invalid(&article, TITLE_OF("true"), "title", "must be a string");
    invalid(&article, TITLE_OF("[\"abc\"]"), "title", "must be a string");
    invalid(&article, TITLE_OF("{\"a\":\"abc\"}"), "title",
            "must be a string");
    invalid(&article, TITLE_OF("99999999999999999999"), "title",
            "must be a string");

    invalid(&article, TITLE_OF("\"a\\nb\""), "title", "is invalid");
    invalid(&article, TITLE_OF("\"a\\u0001b\""), "title", "is invalid");
    invalid(&article, TITLE_OF("\"a\\u2028b\""), "title", "is invalid");
    invalid(&article, TITLE_OF("\"axb\""), "title", "has an x");

    /* An optional one. */

    good(&article, with("\"nick\":\"\""));
    is(values[NICK].presence, DT_SET, "an empty text is a text");
    is(values[NICK].text.len, 0, "of no length");
    ok(values[NICK].text.data && values[NICK].text.data[0] == '\0',
       "and a C string");
    invalid(&article, with("\"nick\":null"), "nick", "must be a string");
}


static void
test_text(void)
{
    good(&article, with("\"body\":\" a\\n\\tb \""));
    is_str(&values[BODY].text, " a\n\tb ", "text as it came");
    invalid(&article, with("\"body\":\" \\n \""), "body", "can't be blank");
    invalid(&article, with("\"body\":\"\""), "body", "can't be blank");
    invalid(&article, with("\"body\":null"), "body", "can't be blank");
    invalid(&article, with("\"body\":\"12345678901\""), "body",
            "is too long (maximum is 10 characters)");
    good(&article, with("\"body\":\"1234567890\""));

    good(&article, with("\"bio\":\"\""));
    is(values[ABOUT].presence, DT_NULL, "empty means null");
    good(&article, with("\"bio\":null"));
    is(values[ABOUT].presence, DT_NULL, "null is null");
    ok(values[ABOUT].text.data == NULL, "without a text");
    good(&article, with("\"bio\":\"  \""));
    is_str(&values[ABOUT].text, "  ", "blanks are a text");
    invalid(&article, with("\"bio\":7"), "bio", "must be a string");
}


static void
test_number(void)
{
    static const char  range[] = "must be between 1 and 100";
    static const char  type[] = "must be an integer";

    good(&article, with("\"age\":1"));
    is(values[AGE].number, 1, "the least");
    is_str(&values[AGE].text, "1", "also as a text");
    good(&article, with("\"age\":100"));
    is(values[AGE].number, 100, "the highest");
    is_str(&values[AGE].text, "100", "also as a text");

    invalid(&article, with("\"age\":0"), "age", range);
    invalid(&article, with("\"age\":101"), "age", range);
    invalid(&article, with("\"age\":-5"), "age", range);
    invalid(&article, with("\"age\":9223372036854775807"), "age", range);
    invalid(&article, with("\"age\":-9223372036854775808"), "age", range);
    invalid(&article, with("\"age\":9223372036854775808"), "age", type);
    invalid(&article, with("\"age\":5.5"), "age", type);
    invalid(&article, with("\"age\":5.0"), "age", type);
    invalid(&article, with("\"age\":5e0"), "age", type);
    invalid(&article, with("\"age\":\"5\""), "age", type);
    invalid(&article, with("\"age\":null"), "age", type);
    invalid(&article, with("\"age\":true"), "age", type);
    invalid(&article, with("\"age\":[]"), "age", type);
    invalid(&article, with("\"age\":{}"), "age", type);

    good(&article, with("\"x\":123456789012345678901234567890"));

    good(&flat, "{\"three\":9223372036854775807}");
    is_str(&values[2].text, "9223372036854775807", "without a bound");
    good(&flat, "{\"three\":null}");
    is(values[2].presence, DT_NULL, "null where it is welcome");
    invalid(&flat, "{\"three\":-1}", "three",
            "must be between 0 and 9223372036854775807");
}


static void
test_lines(void)
{
    static const char  type[] = "must be an array of strings";

    good(&article, with("\"tags\":[\" b \",\"a\",\"\xd1\x8f\"]"));
    is(values[TAGS].nitems, 3, "three items");
    is_str(&values[TAGS].items[0], "b", "the first, trimmed");
    is_str(&values[TAGS].items[1], "a", "the second, in its place");
    is_str(&values[TAGS].items[2], "\xd1\x8f", "the third");
    is(values[TAGS].items[0].data[1], 0, "items are C strings");

    good(&article, with("\"tags\":[\"a\",\" a\",\"b\"]"));
    is(values[TAGS].nitems, 2, "equal ones once");
    is_str(&values[TAGS].items[1], "b", "then the next");

    good(&article, with("\"tags\":[\"A\",\"a\"]"));
    is(values[TAGS].nitems, 2, "letters of another case are others");

    good(&article, with("\"tags\":[\"\",\" \",\"a\"]"));
    is(values[TAGS].nitems, 1, "blank ones are left out");

    good(&article, with("\"tags\":[]"));
    is(values[TAGS].presence, DT_SET, "none is a list too");
    is(values[TAGS].nitems, 0, "of nothing");
    good(&article, with("\"tags\":[\" \"]"));
    is(values[TAGS].nitems, 0, "of blanks nothing is left");

    good(&article, with("\"tags\":[\"\xd1\x8f\xd1\x8f\xd1\x8f\xd1\x8f\"]"));
    invalid(&article, with("\"tags\":[\"abcde\"]"), "tags",
            "is too long (maximum is 4 characters)");
    invalid(&article, with("\"tags\":[\"a\",\"b\",\"c\",\"d\"]"), "tags",
            "has too many items (maximum is 3)");
    invalid(&article, with("\"tags\":[\"a\",\"a\",\"a\",\"a\"]"), "tags",
            "has too many items (maximum is 3)");
    invalid(&article, with("\"tags\":[\"ax\"]"), "tags", "has an x");
    invalid(&article, with("\"tags\":[\"a\\nb\"]"), "tags", "is invalid");

    invalid(&article, with("\"tags\":\"a\""), "tags", type);
    invalid(&article, with("\"tags\":null"), "tags", type);
    invalid(&article, with("\"tags\":{}"), "tags", type);
    invalid(&article, with("\"tags\":1"), "tags", type);
    invalid(&article, with("\"tags\":[\"a\",1]"), "tags", type);
    invalid(&article, with("\"tags\":[null]"), "tags", type);
    invalid(&article, with("\"tags\":[[\"a\"]]"), "tags", type);
    invalid(&article, with("\"tags\":[1,2,3,4]"), "tags", type);

    invalid(&flat, "{\"two\":[]}", "two", "can't be blank");
    invalid(&flat, "{\"two\":[\" \"]}", "two", "can't be blank");
    invalid(&flat, "{\"two\":null}", "two", "can't be blank");
}


static void
test_cursor(void)
{
    char         member[64];
    u_char       text[DT_CURSOR_LEN];
    const char  *body;

    dt_cursor_encode(text, 1700000000000001, 77);
    sprintf(member, "\"after\":\"%.*s\"", DT_CURSOR_LEN, text);

    good(&article, with(member));
    is(values[AFTER].time, 1700000000000001, "its time");
    is(values[AFTER].number, 77, "its id");

    body = with("\"after\":\"AAAA\"");
    refused(&article, body, strlen(body), DT_MALFORMED, "after",
            "is invalid");
    invalid(&article, with("\"after\":5"), "after", "must be a string");
}


static void
test_secret(void)
{
    u_char      *text;
    ngx_str_t    body;
    ngx_pool_t  *pool;

    static const char  json[] =
        "{\"article\":{\"title\":\"abc\",\"password\":\"s3cret\"}}";

    pool = ngx_create_pool(4096, &tap_log);
    body = tap_slice(json, sizeof(json) - 1);

    memset(&problems, 0, sizeof(problems));
    is(dt_input_json(pool, &article, &body, values, &problems), DT_NO_ERROR,
       "a password is taken");
    is_str(&values[PASSWORD].text, "s3cret", "as it is");

    text = values[PASSWORD].text.data;

    /* What ngx_destroy_pool() does before it frees anything. */

    while (pool->cleanup) {
        pool->cleanup->handler(pool->cleanup->data);
        pool->cleanup = pool->cleanup->next;
    }

    ok(memcmp(text, "\0\0\0\0\0\0", 6) == 0, "and wiped with its pool");

    ngx_destroy_pool(pool);

    invalid(&article, with("\"password\":\"s3\""), "password",
            "is too short (minimum is 3 characters)");
    ok(values[PASSWORD].text.data == NULL, "a refused one is not kept");
}


static void
test_problems(void)
{
    ngx_uint_t     i;
    dt_problems_t  many;

    is(takes(&article, "{\"article\":{\"title\":\"\",\"body\":1,\"nick\":2,"
                       "\"age\":0,\"tags\":3}}"),
       DT_INVALID, "many problems at once");
    is(problems.n, 5, "each is named");
    is_text(problems.list[0].field, "title", "in the order of the rules");
    is_text(problems.list[4].field, "tags", "to the last");

    is(takes(&article, "{\"article\":{\"title\":\"\",\"after\":\"!\"}}"),
       DT_MALFORMED, "a broken cursor outweighs what is invalid");
    is(problems.n, 2, "both are named");

    memset(&many, 0, sizeof(many));

    for (i = 0; i < DT_INPUT_PROBLEMS + 5; i++) {
        dt_problem_add(&many, "field", "is invalid");
    }

    is(many.n, DT_INPUT_PROBLEMS, "the list has an end");
}


static void
test_too_many_fields(void)
{
    ngx_uint_t   i;
    dt_field_t   many[DT_INPUT_FIELDS + 2];
    dt_input_t   input = { DT_IN_BODY, NULL, 4096, many, 0 };

    memset(many, 0, sizeof(many));

    for (i = 0; i < DT_INPUT_FIELDS; i++) {
        many[i] = some_fields[0];
    }

    is(takes(&input, "{}"), DT_NO_ERROR, "as many fields as fit");

    many[i] = some_fields[0];
    is(takes(&input, "{}"), DT_INTERNAL, "one more is our fault");
    is(values[DT_INPUT_FIELDS].presence, 0xa5a5a5a5,
       "and writes nothing behind the last");
}


/* Bodies cut off at each place, and with each byte replaced: any answer but
 * a crash or a report of the sanitizer. */

static void
test_torn(void)
{
    char        body[256];
    size_t      i, len;
    ngx_uint_t  ch, n;

    static const char  whole[] =
        "{\"article\":{\"title\":\"\\ud83d\\ude00\xd1\x8f\",\"tags\":[\"a\"],"
        "\"age\":12,\"bio\":null,\"x\":[1e5,{\"y\":false}]}}";

    len = sizeof(whole) - 1;
    n = 0;

    for (i = 0; i < len; i++) {
        n += (take(&article, whole, i) == DT_NO_ERROR);
    }

    is(n, 0, "a body cut off anywhere is not taken");

    for (i = 0; i < len; i++) {
        for (ch = 0; ch < 256; ch++) {
            memcpy(body, whole, len);
            body[i] = (char) ch;
            n += (take(&article, body, len) == DT_INTERNAL);
        }
    }

    is(n, 0, "a changed byte is never our fault");
}


int
main(void)
{
    tap_start();

    test_malformed();
    test_depth();
    test_wrapper();
    test_any();
    test_line();
    test_text();
    test_number();
    test_lines();
    test_cursor();
    test_secret();
    test_problems();
    test_too_many_fields();
    test_torn();

    return done();
}
