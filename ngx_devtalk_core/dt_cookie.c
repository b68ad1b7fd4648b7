/*
 * Cookies.
 */

#include "dt_cookie.h"
#include "dt_core.h"


ngx_str_t
dt_cookie(dt_call_t *call, const char *name)
{
    ngx_str_t            key, value;
    ngx_http_request_t  *r;

    r = call->request;
    key.data = (u_char *) name;
    key.len = ngx_strlen(name);
    ngx_str_null(&value);

#if (nginx_version >= 1023000)
    (void) ngx_http_parse_multi_header_lines(r, r->headers_in.cookie, &key,
                                             &value);
#else
    (void) ngx_http_parse_multi_header_lines(&r->headers_in.cookies, &key,
                                             &value);
#endif

    return value;
}


ngx_int_t
dt_cookie_set(dt_call_t *call, const char *name, const char *value,
    const char *path, time_t max_age)
{
    ngx_str_t  cookie;

    cookie = dt_call_format(call, "%s=%s; Path=%s; Max-Age=%T; HttpOnly; "
                            "Secure; SameSite=Strict",
                            name, value, path, max_age);
    if (cookie.data == NULL) {
        return NGX_ERROR;
    }

    return dt_reply_header(call, "Set-Cookie", &cookie);
}
