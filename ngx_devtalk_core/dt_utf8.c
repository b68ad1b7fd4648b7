
#include "dt_input.h"
#include "dt_utf8.h"


static ngx_uint_t dt_utf8_blank(uint32_t ch);
static ngx_inline ngx_uint_t dt_utf8_plain(const u_char *data);


uint32_t
dt_utf8_next(const u_char **p, const u_char *end)
{
    u_char         byte;
    uint32_t       ch, least;
    ngx_uint_t     more;
    const u_char  *q;

    q = *p;
    byte = *q++;

    if (byte < 0x80) {
        *p = q;
        return byte;
    }

    if (byte >= 0xc2 && byte <= 0xdf) {
        ch = byte & 0x1f;
        more = 1;
        least = 0x80;

    } else if ((byte & 0xf0) == 0xe0) {
        ch = byte & 0x0f;
        more = 2;
        least = 0x800;

    } else if (byte >= 0xf0 && byte <= 0xf4) {
        ch = byte & 0x07;
        more = 3;
        least = 0x10000;

    } else {
        return DT_UTF8_BAD;
    }

    if ((size_t) (end - q) < more) {
        return DT_UTF8_BAD;
    }

    for ( /* void */ ; more; more--) {
        if ((*q & 0xc0) != 0x80) {
            return DT_UTF8_BAD;
        }

        ch = (ch << 6) | (*q++ & 0x3f);
    }

    if (ch < least || ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff)) {
        return DT_UTF8_BAD;
    }

    *p = q;

    return ch;
}


/* Eight bytes of ASCII, none of them NUL: a borrow or the byte's own sets its
 * highest bit otherwise. */

static ngx_inline ngx_uint_t
dt_utf8_plain(const u_char *data)
{
    uint64_t  word;

    ngx_memcpy(&word, data, sizeof(uint64_t));

    return (((word - 0x0101010101010101) | word) & 0x8080808080808080) == 0;
}


ngx_int_t
dt_utf8_length(const u_char *data, size_t len)
{
    uint32_t       ch;
    ngx_int_t      n;
    const u_char  *end;

    if (len == 0) {
        return 0;
    }

    end = data + len;

    for (n = 0; data < end; n++) {

        while ((size_t) (end - data) >= sizeof(uint64_t)
               && dt_utf8_plain(data))
        {
            data += sizeof(uint64_t);
            n += sizeof(uint64_t);
        }

        if (data == end) {
            break;
        }

        ch = dt_utf8_next(&data, end);

        if (ch == 0 || ch == DT_UTF8_BAD) {
            return -1;
        }
    }

    return n;
}


static ngx_uint_t
dt_utf8_blank(uint32_t ch)
{
    if (ch < 0x80) {
        return ch == ' ' || (ch >= '\t' && ch <= '\r');
    }

    switch (ch) {

    case 0x0085:
    case 0x00a0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
    case 0xfeff:
        return 1;

    default:
        return ch >= 0x2000 && ch <= 0x200b;
    }
}


ngx_str_t
dt_utf8_trim(const ngx_str_t *text)
{
    ngx_str_t      inner;
    const u_char  *p, *end, *from, *first, *last;

    ngx_str_null(&inner);

    if (text->len == 0) {
        return inner;
    }

    p = text->data;
    end = p + text->len;
    first = NULL;
    last = p;

    while (p < end) {
        from = p;

        if (!dt_utf8_blank(dt_utf8_next(&p, end))) {
            last = p;

            if (first == NULL) {
                first = from;
            }
        }
    }

    if (first) {
        inner.data = (u_char *) first;
        inner.len = last - first;
    }

    return inner;
}


ngx_uint_t
dt_utf8_one_line(const ngx_str_t *text)
{
    uint32_t       ch;
    const u_char  *p, *end;

    if (text->len == 0) {
        return 1;
    }

    p = text->data;
    end = p + text->len;

    while (p < end) {
        ch = dt_utf8_next(&p, end);

        if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || ch == 0x2028
            || ch == 0x2029)
        {
            return 0;
        }
    }

    return 1;
}
