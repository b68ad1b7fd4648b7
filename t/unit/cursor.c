
/* Paging cursors: ngx_devtalk_core/dt_cursor.c. */

/* sources: ngx_devtalk_core/dt_cursor.c */
/* libs: -ljansson */

#include "tap.h"
#include "dt_input.h"


static const char  alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";


static ngx_int_t
decode(const char *data, size_t len)
{
    int64_t    time, id;
    ngx_str_t  text;

    text = tap_slice(data, len);

    return dt_cursor_decode(&text, &time, &id);
}


static void
there_and_back(int64_t time, int64_t id)
{
    u_char     *p;
    size_t      len;
    int64_t     t, n;
    ngx_str_t   text;

    text = tap_slice("........................", DT_CURSOR_LEN);
    len = dt_cursor_encode(text.data, time, id);

    is(len, DT_CURSOR_LEN, "length of %lld.%lld", (long long) time,
       (long long) id);

    is(dt_cursor_decode(&text, &t, &n), NGX_OK, "it is taken back");
    is(t, time, "with its time");
    is(n, id, "and its id");

    for (p = text.data; p < text.data + text.len; p++) {
        if (strchr(alphabet, *p) == NULL) {
            break;
        }
    }

    ok(p == text.data + text.len, "nothing in it needs an escape");
}


static void
refused_range(int64_t time, int64_t id)
{
    u_char  text[DT_CURSOR_LEN];

    dt_cursor_encode(text, time, id);

    is(decode((char *) text, DT_CURSOR_LEN), NGX_ERROR,
       "out of range: %lld.%lld", (long long) time, (long long) id);
}


static void
test_broken(void)
{
    char        good[DT_CURSOR_LEN + 8], bad[DT_CURSOR_LEN + 8];
    size_t      len, i;
    ngx_str_t   none = ngx_null_string;
    int64_t     time, id;
    ngx_uint_t  taken, wrong, ch;

    memset(good, 'A', sizeof(good));
    dt_cursor_encode((u_char *) good, 1700000000123456, 42);

    is(decode(good, DT_CURSOR_LEN), NGX_OK, "a good one");
    is(dt_cursor_decode(&none, &time, &id), NGX_ERROR, "none at all");

    for (taken = 0, len = 0; len < sizeof(good); len++) {
        taken += (decode(good, len) == NGX_OK);
    }

    is(taken, 1, "of any other length none is good");

    /* Each letter replaced by each byte. */

    taken = 0;
    wrong = 0;

    for (i = 0; i < DT_CURSOR_LEN; i++) {
        for (ch = 0; ch < 256; ch++) {
            memcpy(bad, good, sizeof(good));
            bad[i] = (char) ch;

            if (bad[i] == good[i]) {
                continue;
            }

            taken += (decode(bad, DT_CURSOR_LEN) == NGX_OK);
            wrong++;
        }
    }

    is(taken, 0, "one letter changed, %u ways: none is good",
       (unsigned) wrong);

    is(decode("=======================A", 24), NGX_ERROR, "padding first");
    is(decode("AAAAAAAAAAAAAAAAAAAAAA==", 24), NGX_ERROR, "padding last");
    is(decode("AAAAAAAAAAAAAAAAAAAAAA\0\0", 24), NGX_ERROR, "NULs");
    is(decode("++++++++++++////////////", 24), NGX_ERROR,
       "the other base64 alphabet");
    is(decode("________________________", 24), NGX_ERROR, "all ones");
}


int
main(void)
{
    tap_start();

    there_and_back(0, 0);
    there_and_back(1700000000123456, 1);
    there_and_back(253402300799999999, INT64_MAX);
    there_and_back(1, 0x0102030405060708);

    refused_range(253402300800000000, 1);
    refused_range(INT64_MAX, 1);
    refused_range(-1, 1);
    refused_range(INT64_MIN, 1);
    refused_range(1, -1);
    refused_range(1, INT64_MIN);

    test_broken();

    return done();
}
