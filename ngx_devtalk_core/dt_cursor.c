
/*
 * A cursor is 18 bytes, big-endian, as base64url (RFC 4648 §5): microseconds,
 * id, and two bytes of their CRC.  18 bytes are exactly 24 letters: no
 * padding, no spare bits, so that each position has one spelling only.  The
 * CRC finds what was cut or altered by accident; it keeps no secret, and the
 * range check is what keeps forged ones from PostgreSQL's date arithmetic.
 */

#include "dt_input.h"


#define DT_CURSOR_BYTES     18
#define DT_CURSOR_TIME_MAX  253402300800000000     /* the year 10000 */


static void dt_cursor_put(u_char *p, uint64_t n);
static uint64_t dt_cursor_get(const u_char *p);
static ngx_uint_t dt_cursor_sum(u_char *bytes);


size_t
dt_cursor_encode(u_char *out, int64_t time, int64_t id)
{
    u_char      bytes[DT_CURSOR_BYTES];
    ngx_str_t   src, dst;
    ngx_uint_t  sum;

    dt_cursor_put(bytes, (uint64_t) time);
    dt_cursor_put(bytes + 8, (uint64_t) id);

    sum = dt_cursor_sum(bytes);
    bytes[16] = (u_char) (sum >> 8);
    bytes[17] = (u_char) sum;

    src.data = bytes;
    src.len = DT_CURSOR_BYTES;
    dst.data = out;

    ngx_encode_base64url(&dst, &src);

    return dst.len;
}


ngx_int_t
dt_cursor_decode(const ngx_str_t *text, int64_t *time, int64_t *id)
{
    u_char     bytes[DT_CURSOR_BYTES];
    uint64_t   t, n;
    ngx_str_t  src, dst;

    if (text->len != DT_CURSOR_LEN) {
        return NGX_ERROR;
    }

    src = *text;
    dst.data = bytes;

    /* nginx stops at a "=" and takes what is before it. */

    if (ngx_decode_base64url(&dst, &src) != NGX_OK
        || dst.len != DT_CURSOR_BYTES)
    {
        return NGX_ERROR;
    }

    if (dt_cursor_sum(bytes) != ((ngx_uint_t) bytes[16] << 8 | bytes[17])) {
        return NGX_ERROR;
    }

    t = dt_cursor_get(bytes);
    n = dt_cursor_get(bytes + 8);

    if (t >= DT_CURSOR_TIME_MAX || n > INT64_MAX) {
        return NGX_ERROR;
    }

    *time = (int64_t) t;
    *id = (int64_t) n;

    return NGX_OK;
}


static void
dt_cursor_put(u_char *p, uint64_t n)
{
    ngx_uint_t  i;

    for (i = 8; i; n >>= 8) {
        p[--i] = (u_char) n;
    }
}


static uint64_t
dt_cursor_get(const u_char *p)
{
    uint64_t    n;
    ngx_uint_t  i;

    n = 0;

    for (i = 0; i < 8; i++) {
        n = n << 8 | p[i];
    }

    return n;
}


static ngx_uint_t
dt_cursor_sum(u_char *bytes)
{
    return ngx_crc32_short(bytes, 16) & 0xffff;
}
