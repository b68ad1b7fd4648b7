/*
 * Cookies (RFC 6265).
 */

#ifndef _DT_COOKIE_H_INCLUDED_
#define _DT_COOKIE_H_INCLUDED_


#include "dt_call.h"


/* The value that the client sent, a slice of the request's header; len 0:
 * none. */
ngx_str_t dt_cookie(dt_call_t *call, const char *name);

/*
 * Set-Cookie for a secret that scripts shall not see and other sites not
 * send: HttpOnly; Secure; SameSite=Strict.  "value" is free of what the
 * grammar forbids (§4.1.1); max_age in seconds, 0: the client forgets it.
 */
ngx_int_t dt_cookie_set(dt_call_t *call, const char *name, const char *value,
    const char *path, time_t max_age);


#endif /* _DT_COOKIE_H_INCLUDED_ */
