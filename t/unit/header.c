
/* Request headers: ngx_devtalk_core/dt_header.c. */

/* sources: ngx_devtalk_core/dt_header.c */

#include "tap.h"
#include "dt_header.h"


static void
etag(const char *field, const char *tag, ngx_uint_t expected)
{
    ngx_str_t  f, t;

    f = tap_slice(field, strlen(field));
    t = tap_slice(tag, strlen(tag));

    is(dt_etag_match(&f, &t), expected, "If-None-Match: %s against %s", field,
       tag);
}


static void
test_etag(void)
{
    ngx_str_t  none = ngx_null_string;
    ngx_str_t  tag = ngx_string("7");

    etag("\"7\"", "7", 1);
    etag("W/\"7\"", "7", 1);
    etag("*", "7", 1);
    etag(" * ", "7", 1);
    etag("\"6\", \"7\"", "7", 1);
    etag("\"6\",W/\"7\",\"8\"", "7", 1);
    etag("\"7\" , \"6\"", "7", 1);
    etag(", ,\"7\",,", "7", 1);
    etag("\t\"7\"\t", "7", 1);
    etag("\"\"", "", 1);
    etag("\"6,7\"", "6,7", 1);
    etag("\"*\"", "*", 1);
    etag("\"\\\"", "\\", 1);
    etag("\"\xff\"", "\xff", 1);

    etag("\"6\"", "7", 0);
    etag("\"77\"", "7", 0);
    etag("\"\"", "7", 0);
    etag("\"7 \"", "7", 0);
    etag("\"*\"", "7", 0);
    etag("w/\"7\"", "7", 0);
    etag("W/ \"7\"", "7", 0);
    etag("7", "7", 0);
    etag("\"7", "7", 0);
    etag("7\"", "7", 0);
    etag("W/", "7", 0);
    etag("W", "7", 0);
    etag("\"", "", 0);
    etag("", "", 0);
    etag("", "7", 0);
    etag(",", "7", 0);
    etag("**", "7", 0);
    etag("*, \"6\"", "7", 0);
    etag("\"7\", *", "7", 0);
    etag("\"7\" \"6\"", "7", 0);
    etag("\"7\"\"6\"", "7", 0);
    etag("\"7\", \"6", "7", 0);
    etag("\"7\x7f\", \"7\"", "7", 0);
    etag("\"6,7\"", "7", 0);

    is(dt_etag_match(&none, &tag), 0, "no field at all");
}


/* "expected": the tags with a blank behind each. */

static void
listed(const char *field, const char *expected)
{
    u_char      text[256], *p;
    ngx_str_t   f, got, tags[3];
    ngx_uint_t  i, n;

    f = tap_slice(field, strlen(field));
    n = dt_etag_list(&f, tags, 3);
    p = text;

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "%V ", &tags[i]);
    }

    got.data = text;
    got.len = p - text;
    is_str(&got, expected, "If-Match: %s lists %s", field, expected);
}


static void
test_if_match(void)
{
    ngx_str_t  none = ngx_null_string;
    ngx_str_t  star = ngx_string("\t* ");
    ngx_str_t  stars = ngx_string("**");
    ngx_str_t  tag;

    listed("\"7\"", "7 ");
    listed("\"6\", \"7\"", "6 7 ");
    listed(" ,\"6\",,\"7\" ,", "6 7 ");
    listed("W/\"7\", \"8\"", "7 8 ");
    listed("\"W/\"", "W/ ");
    listed("\"1\",\"2\",\"3\",\"4\"", "1 2 3 ");

    listed("\"7\", W/", "");
    listed("\"7\" *", "");
    listed("*", "");
    listed("7", "");
    listed("", "");
    is(dt_etag_list(&none, &tag, 1), 0, "no field at all");

    is(dt_etag_any(&star), 1, "a star is any");
    is(dt_etag_any(&stars), 0, "two are not");
    is(dt_etag_any(&none), 0, "no field at all");
}


/* "expected" is the key; NULL: there is none. */

static void
idempotency_key(const char *field, const char *expected)
{
    u_char     key[DT_IDEMPOTENCY_KEY_MAX];
    ngx_str_t  f, k;

    f = tap_slice(field, strlen(field));
    k.data = key;
    k.len = dt_idempotency_key(&f, key);

    is_str(&k, expected ? expected : "", "Idempotency-Key: %.40s", field);
}


static void
test_idempotency_key(void)
{
    char       field[2 * DT_IDEMPOTENCY_KEY_MAX + 5];
    char       expected[DT_IDEMPOTENCY_KEY_MAX + 1];
    u_char     key[DT_IDEMPOTENCY_KEY_MAX];
    size_t     i;
    ngx_str_t  none = ngx_null_string;

    idempotency_key("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
                    "8e03978e-40d5-43dd-bc93-6894a57f9324");
    idempotency_key("\"x\"", "x");
    idempotency_key("  \"x\" ", "x");
    idempotency_key("\" \"", " ");
    idempotency_key("\"a b~!;,\"", "a b~!;,");
    idempotency_key("\"\\\"\\\\\"", "\"\\");

    idempotency_key("", NULL);
    idempotency_key(" ", NULL);
    idempotency_key("\"", NULL);
    idempotency_key("\"\"", NULL);
    idempotency_key("x", NULL);
    idempotency_key("8e03978e-40d5-43dd-bc93-6894a57f9324", NULL);
    idempotency_key("'x'", NULL);
    idempotency_key("\"x", NULL);
    idempotency_key("x\"", NULL);
    idempotency_key("\t\"x\"", NULL);
    idempotency_key("\"x\"y\"", NULL);
    idempotency_key("\"x\", \"y\"", NULL);
    idempotency_key("\"x\";a=1", NULL);
    idempotency_key("\"x\\\"", NULL);
    idempotency_key("\"\\x\"", NULL);
    idempotency_key("\"x\ty\"", NULL);
    idempotency_key("\"x\x7f\"", NULL);
    idempotency_key("\"\xd1\x8f\"", NULL);
    idempotency_key(":eA==:", NULL);
    idempotency_key("?1", NULL);

    is(dt_idempotency_key(&none, key), 0, "no field at all");

    /* each of the characters as long as it can be written */

    field[0] = '"';

    for (i = 0; i < DT_IDEMPOTENCY_KEY_MAX; i++) {
        field[1 + 2 * i] = '\\';
        field[2 + 2 * i] = '"';
        expected[i] = '"';
    }

    expected[i] = '\0';
    memcpy(field + 1 + 2 * i, "\"", 2);
    idempotency_key(field, expected);

    memcpy(field + 1 + 2 * i, "x\"", 3);
    idempotency_key(field, NULL);
}


static void
authorization(const char *field, ngx_int_t expected, const char *rest)
{
    ngx_str_t  f, token;

    f = tap_slice(field, strlen(field));

    is(dt_authorization_token(&f, &token), expected, "Authorization: %s",
       field);
    is_str(&token, rest, "its token");
}


static void
test_authorization(void)
{
    ngx_str_t  token;
    ngx_str_t  none = ngx_null_string;

    authorization("Token abc", NGX_OK, "abc");
    authorization("Bearer abc", NGX_OK, "abc");
    authorization("bEARER abc", NGX_OK, "abc");
    authorization("TOKEN   abc", NGX_OK, "abc");
    authorization("Token a b ", NGX_OK, "a b ");
    authorization("Bearer  ", NGX_OK, "");
    authorization("Token  ", NGX_OK, "");

    authorization("Token ", NGX_DECLINED, "Token ");
    authorization("Bearer ", NGX_DECLINED, "Bearer ");
    authorization("Token", NGX_DECLINED, "Token");
    authorization("Tokenabc", NGX_DECLINED, "Tokenabc");
    authorization("Token\tabc", NGX_DECLINED, "Token\tabc");
    authorization(" Token abc", NGX_DECLINED, " Token abc");
    authorization("Basic YTpi", NGX_DECLINED, "Basic YTpi");
    authorization("abc", NGX_DECLINED, "abc");
    authorization("", NGX_DECLINED, "");
    is(dt_authorization_token(&none, &token), NGX_DECLINED,
       "no field at all");
}


static void
traceparent(const char *field, ngx_int_t expected)
{
    ngx_str_t  f;

    f = tap_slice(field, strlen(field));

    is(dt_traceparent_valid(&f), expected, "traceparent: %s", field);
}


#define TRACE   "0af7651916cd43dd8448eb211c80319c"
#define PARENT  "b7ad6b7169203331"
#define REST    "-" TRACE "-" PARENT "-01"

static void
test_traceparent(void)
{
    size_t     len;
    ngx_str_t  f;

    traceparent("00" REST, NGX_OK);
    traceparent("00-" TRACE "-" PARENT "-00", NGX_OK);
    traceparent("00-" TRACE "-" PARENT "-ff", NGX_OK);
    traceparent("cc" REST, NGX_OK);
    traceparent("cc" REST "-what-the-future-will-be-like", NGX_OK);
    traceparent("01" REST "-", NGX_OK);

    traceparent("", NGX_DECLINED);
    traceparent("ff" REST, NGX_DECLINED);
    traceparent("0F" REST, NGX_DECLINED);
    traceparent("00" REST "-", NGX_DECLINED);
    traceparent("00" REST "-09", NGX_DECLINED);
    traceparent("00" REST "0", NGX_DECLINED);
    traceparent("cc" REST "0", NGX_DECLINED);
    traceparent("cc" REST ".what", NGX_DECLINED);
    traceparent("cc" REST "-*/drop", NGX_DECLINED);
    traceparent("cc" REST "-\"", NGX_DECLINED);
    traceparent("cc" REST "-" TRACE TRACE TRACE, NGX_DECLINED);
    traceparent("00-00000000000000000000000000000000-" PARENT "-01",
                NGX_DECLINED);
    traceparent("00-" TRACE "-0000000000000000-01", NGX_DECLINED);
    traceparent("00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01",
                NGX_DECLINED);
    traceparent("00-" TRACE "-B7AD6B7169203331-01", NGX_DECLINED);
    traceparent("00-" TRACE "-" PARENT "-0g", NGX_DECLINED);
    traceparent("00-" TRACE "-" PARENT "-1", NGX_DECLINED);
    traceparent("00_" TRACE "-" PARENT "-01", NGX_DECLINED);
    traceparent("00-" TRACE "_" PARENT "-01", NGX_DECLINED);
    traceparent("00-" TRACE "-" PARENT "_01", NGX_DECLINED);
    traceparent("0g" REST, NGX_DECLINED);
    traceparent(" 00" REST, NGX_DECLINED);

    for (len = 0; len < DT_TRACEPARENT_LEN; len++) {
        f = tap_slice("00" REST, len);

        if (dt_traceparent_valid(&f) != NGX_DECLINED) {
            break;
        }
    }

    is(len, DT_TRACEPARENT_LEN, "no shorter one is valid");
}


static void
request_id(const char *field, size_t len, ngx_uint_t expected)
{
    ngx_str_t  f;

    f = tap_slice(field, len);

    is(dt_request_id_valid(&f), expected, "X-Request-Id: %.*s", (int) len,
       field);
}


static void
test_request_id(void)
{
    char        ch, text[DT_REQUEST_ID_MAX + 1];
    ngx_uint_t  i, n;
    ngx_str_t   none = ngx_null_string;

    memset(text, 'x', sizeof(text));

    request_id("a", 1, 1);
    request_id("A-Za-z0-9._-", 12, 1);
    request_id(text, DT_REQUEST_ID_MAX, 1);

    request_id("", 0, 0);
    request_id(text, DT_REQUEST_ID_MAX + 1, 0);
    request_id("a b", 3, 0);
    request_id("a\r\nb", 4, 0);
    request_id("a\0b", 3, 0);
    request_id("a\"b", 3, 0);
    request_id("\xd1\x8f", 2, 0);
    is(dt_request_id_valid(&none), 0, "no field at all");

    for (n = 0, i = 0; i < 256; i++) {
        ch = (char) i;
        none.data = (u_char *) &ch;
        none.len = 1;
        n += dt_request_id_valid(&none);
    }

    is(n, 26 + 26 + 10 + 3, "so many bytes are allowed");
}


int
main(void)
{
    tap_start();

    test_etag();
    test_if_match();
    test_idempotency_key();
    test_authorization();
    test_traceparent();
    test_request_id();

    return done();
}
