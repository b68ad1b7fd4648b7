/* Cursors: any text, and any position. */

/* sources: ngx_devtalk_core/dt_cursor.c */

#include "fuzz.h"
#include "dt_input.h"


/* in microseconds */
#define YEAR_10000  253402300800000000


static void
decodes(ngx_str_t text)
{
    u_char     again[DT_CURSOR_LEN];
    int64_t    time, id;
    ngx_str_t  cursor;

    if (dt_cursor_decode(&text, &time, &id) != NGX_OK) {
        return;
    }

    must(time >= 0 && id >= 0);

    /* One position has one spelling. */

    cursor.data = again;
    cursor.len = dt_cursor_encode(again, time, id);
    must(fuzz_same(&cursor, &text));
}


/* What is encoded comes back, unless no cursor of ours can say it. */

static void
encodes(int64_t time, int64_t id)
{
    u_char     text[DT_CURSOR_LEN];
    int64_t    got_time, got_id;
    ngx_str_t  cursor;
    ngx_int_t  rc;

    cursor.data = text;
    cursor.len = dt_cursor_encode(text, time, id);
    must(cursor.len == DT_CURSOR_LEN);

    rc = dt_cursor_decode(&cursor, &got_time, &got_id);

    must((rc == NGX_OK) == (time >= 0 && id >= 0 && time < YEAR_10000));
    must(rc != NGX_OK || (got_time == time && got_id == id));
}


void
fuzz_start(void)
{
    must(ngx_crc32_table_init() == NGX_OK);
}


void
fuzz_one(ngx_str_t input)
{
    decodes(fuzz_take(&input, DT_CURSOR_LEN + 1));

    if (input.len) {
        int64_t time = (int64_t) fuzz_number(&input, 8);
        encodes(time, (int64_t) fuzz_number(&input, 8));
    }
}
