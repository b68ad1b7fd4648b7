
/* The table of errors: ngx_devtalk_core/dt_error.c. */

/* sources: ngx_devtalk_core/dt_error.c */

#include "tap.h"
#include "dt_error.h"


static void
row(dt_error_e error, ngx_uint_t status, const char *code)
{
    const dt_error_t  *e;

    e = dt_error(error);

    is(e->status, status, "%s has status %u", code, (unsigned) status);
    is_str(&e->code, code, "and its code");
    ok(e->title.len > 0 && e->title.len == strlen((char *) e->title.data),
       "and a title");
    ok(e->detail.len > e->title.len / 2, "and says more to persons");
    is(dt_error_by_status(status), error, "and is found by its status");
}


static void
test_rows(void)
{
    row(DT_MALFORMED, 400, "malformed");
    row(DT_UNAUTHORIZED, 401, "unauthorized");
    row(DT_FORBIDDEN, 403, "forbidden");
    row(DT_NOT_FOUND, 404, "not_found");
    row(DT_METHOD, 405, "method_not_allowed");
    row(DT_CONFLICT, 409, "conflict");
    row(DT_STALE, 412, "stale");
    row(DT_TOO_LARGE, 413, "too_large");
    row(DT_URI_TOO_LONG, 414, "uri_too_long");
    row(DT_MEDIA_TYPE, 415, "unsupported_media_type");
    row(DT_INVALID, 422, "invalid");
    row(DT_TOO_MANY, 429, "too_many_requests");
    row(DT_INTERNAL, 500, "internal");
    row(DT_UNAVAILABLE, 503, "unavailable");
}


static void
test_all(void)
{
    ngx_uint_t         i, j, safe, apart;
    const dt_error_t  *e, *other;

    safe = 0;
    apart = 1;

    for (i = DT_MALFORMED; i < DT_ERRORS; i++) {
        e = dt_error(i);

        /* They are put into JSON as they are. */

        safe += (strpbrk((char *) e->title.data, "\"\\") == NULL
                 && strpbrk((char *) e->detail.data, "\"\\") == NULL
                 && strpbrk((char *) e->code.data, "\"\\ ") == NULL);

        for (j = i + 1; j < DT_ERRORS; j++) {
            other = dt_error(j);
            apart &= (e->status != other->status
                      && strcmp((char *) e->code.data,
                                (char *) other->code.data) != 0);
        }

        ok((e->status >= 500) == (e->level <= NGX_LOG_WARN),
           "%s: what is our fault is logged louder", e->code.data);
    }

    is(safe, DT_ERRORS - 1, "texts need no escapes in JSON");
    ok(apart, "no two have the same status or code");

    is(dt_error(DT_NO_ERROR)->status, 500, "no error is no answer");
    is(dt_error(DT_ERRORS)->status, 500, "beyond the list");
    is(dt_error((dt_error_e) -1)->status, 500, "before the list");
}


static void
test_status(void)
{
    static const ngx_uint_t  malformed[] = {
        408, 411, 416, 421, 431, 494, 495, 496, 497, 501, 505
    };

    size_t  i;

    for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        is(dt_error_by_status(malformed[i]), DT_MALFORMED, "nginx's %u",
           (unsigned) malformed[i]);
    }

    is(dt_error_by_status(502), DT_UNAVAILABLE, "502");
    is(dt_error_by_status(504), DT_UNAVAILABLE, "504");
    is(dt_error_by_status(507), DT_INTERNAL, "507");
    is(dt_error_by_status(418), DT_INTERNAL, "an unknown one");
    is(dt_error_by_status(200), DT_INTERNAL, "one that is no error");
    is(dt_error_by_status(0), DT_INTERNAL, "none");
}


int
main(void)
{
    tap_start();

    test_rows();
    test_all();
    test_status();

    return done();
}
