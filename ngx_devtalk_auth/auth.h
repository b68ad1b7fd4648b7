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

extern const dt_step_t  auth_user_add[];
extern const dt_step_t  auth_user_show[];
extern const dt_step_t  auth_user_update[];
extern const dt_step_t  auth_user_delete[];
extern const dt_step_t  auth_login[];
extern const dt_step_t  auth_logout[];


/*
 * The account of column "reply" with a token in it.  With an empty "token"
 * one is signed for columns id, username, role and "session".
 */
ngx_int_t auth_reply(dt_call_t *call, ngx_uint_t status,
    const ngx_str_t *token, const ngx_str_t *session);

/* What a session's row says of the client: C strings in the call's pool, the
 * user agent in printable ASCII; NULL: not known, or no memory. */
const char *auth_client_agent(dt_call_t *call);
const char *auth_client_address(dt_call_t *call);

/* When the row of a session expires whose token is signed in a moment;
 * seconds as a C string, NULL when memory is short. */
const char *auth_session_expires(dt_call_t *call);


#endif /* _AUTH_H_INCLUDED_ */
