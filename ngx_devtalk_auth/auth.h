/*
 * The auth service: accounts, sessions, passwords.
 */

#ifndef _AUTH_H_INCLUDED_
#define _AUTH_H_INCLUDED_


#include "dt_core.h"


/* Rules of fields, see dt_check_pt.  Pure. */
const char *auth_rule_email(const ngx_str_t *text);
const char *auth_rule_username(const ngx_str_t *text);
const char *auth_rule_image(const ngx_str_t *text);

/* NIST SP 800-63B §5.1.1.2: no rules of composition, but none of the passwords
 * that everybody uses, whatever its case. */
const char *auth_rule_password(const ngx_str_t *text);

#define AUTH_EMAIL_MAX      254     /* RFC 5321 §4.5.3.1.3 */
#define AUTH_USERNAME_MAX   40
#define AUTH_BIO_MAX        2000
#define AUTH_IMAGE_MAX      2000
#define AUTH_PASSWORD_MIN   8
#define AUTH_PASSWORD_MAX   128


/* Inputs and steps of the routes. */

extern const dt_input_t  auth_user_add_input;
extern const dt_input_t  auth_user_update_input;
extern const dt_input_t  auth_login_input;
extern const dt_input_t  auth_session_add_input;
extern const dt_input_t  auth_session_refresh_input;

extern const dt_step_t  auth_user_add[];
extern const dt_step_t  auth_user_show[];
extern const dt_step_t  auth_user_update[];
extern const dt_step_t  auth_user_delete[];
extern const dt_step_t  auth_login[];
extern const dt_step_t  auth_logout[];
extern const dt_step_t  auth_session_add[];
extern const dt_step_t  auth_session_refresh[];
extern const dt_step_t  auth_session_list[];
extern const dt_step_t  auth_session_remove[];
extern const dt_step_t  auth_session_remove_all[];


/* What every login takes, and its first steps: they find the account, and
 * check the password. */

typedef enum {
    AUTH_LOGIN_EMAIL = 0,
    AUTH_LOGIN_PASSWORD,
    AUTH_LOGIN_NEXT          /* the first that is a route's own */
} auth_login_field_e;

#define AUTH_LOGIN_FIELDS                                                    \
    { "email", DT_LINE, DT_REQUIRED, 1, AUTH_EMAIL_MAX, 0, NULL },           \
    { "password", DT_TEXT, DT_REQUIRED|DT_SECRET,                            \
      1, AUTH_PASSWORD_MAX, 0, NULL }

ngx_int_t auth_login_find(dt_call_t *call);
ngx_int_t auth_login_check(dt_call_t *call);

/*
 * "return auth_session_open(call, NULL, NULL);" behind them: with the right
 * password sends a statement that opens a session, whose refresh token has
 * the hash "refresh" (hexadecimal) and is good for "idle" seconds; NULL: none.
 */
ngx_int_t auth_session_open(dt_call_t *call, const char *refresh,
    const char *idle);

/* A step: the browser forgets the cookie with its refresh token. */
ngx_int_t auth_grant_forget(dt_call_t *call);


/*
 * The account of column "reply" with a token in it.  With an empty "token"
 * one is signed for columns id, username, role and "session".
 */
ngx_int_t auth_reply(dt_call_t *call, ngx_uint_t status,
    const ngx_str_t *token, const ngx_str_t *session);

/* Signs an access token for columns id, username, role and "session": 0.03
 * ms, so not in a thread.  Empty when it fails. */
ngx_str_t auth_token(dt_call_t *call, const ngx_str_t *session);

/* What a session's row says of the client: C strings in the call's pool, the
 * user agent in printable ASCII; NULL: not known, or no memory. */
const char *auth_client_agent(dt_call_t *call);
const char *auth_client_address(dt_call_t *call);

/* When the row of a session expires whose token is signed in a moment;
 * seconds as a C string, NULL when memory is short. */
const char *auth_session_expires(dt_call_t *call);


#endif /* _AUTH_H_INCLUDED_ */
