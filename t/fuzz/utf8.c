/* UTF-8, against ICU's reading of the same bytes. */

/* sources: ngx_devtalk_core/dt_utf8.c */
/* libs: -licuuc */

#include "fuzz.h"
#include "dt_input.h"
#include "dt_utf8.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>


/* The characters, -1 if they are none. */

static ngx_int_t
expected(const ngx_str_t *text)
{
    int32_t    i;
    UChar32    ch;
    ngx_int_t  n;

    i = 0;

    for (n = 0; i < (int32_t) text->len; n++) {
        U8_NEXT(text->data, i, (int32_t) text->len, ch);

        if (ch <= 0) {
            return -1;
        }
    }

    return n;
}


static ngx_uint_t
blank(UChar32 ch)
{
    return u_isUWhiteSpace(ch) || ch == 0x200b || ch == 0xfeff;
}


static void
trims(const ngx_str_t *text)
{
    int32_t    i;
    UChar32    ch;
    ngx_str_t  inner, again;

    inner = dt_utf8_trim(text);

    if (inner.len == 0) {
        for (i = 0; i < (int32_t) text->len; /* void */ ) {
            U8_NEXT(text->data, i, (int32_t) text->len, ch);
            must(blank(ch));
        }

        return;
    }

    must(inner.data >= text->data
         && inner.data + inner.len <= text->data + text->len);
    must(dt_utf8_length(inner.data, inner.len) > 0);

    i = 0;
    U8_NEXT(inner.data, i, (int32_t) inner.len, ch);
    must(!blank(ch));

    i = (int32_t) inner.len;
    U8_PREV(inner.data, 0, i, ch);
    must(!blank(ch));

    /* All that is gone was blank. */

    for (i = 0; i < inner.data - text->data; /* void */ ) {
        U8_NEXT(text->data, i, (int32_t) text->len, ch);
        must(blank(ch));
    }

    again = dt_utf8_trim(&inner);
    must(again.data == inner.data && again.len == inner.len);
}


static void
lines(const ngx_str_t *text)
{
    int32_t     i;
    UChar32     ch;
    ngx_uint_t  broken;

    broken = 0;

    for (i = 0; i < (int32_t) text->len; /* void */ ) {
        U8_NEXT(text->data, i, (int32_t) text->len, ch);
        broken |= u_charType(ch) == U_CONTROL_CHAR
                  || u_charType(ch) == U_LINE_SEPARATOR
                  || u_charType(ch) == U_PARAGRAPH_SEPARATOR;
    }

    must(dt_utf8_one_line(text) == !broken);
}


void
fuzz_one(ngx_str_t input)
{
    must(dt_utf8_length(input.data, input.len) == expected(&input));

    if (dt_utf8_length(input.data, input.len) != -1) {
        trims(&input);
        lines(&input);
    }
}
