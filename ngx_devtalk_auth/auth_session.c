/*
 * Sessions: log in and out.
 */

#include "auth.h"
#include "auth_password.h"
#include "auth_revocation.h"
#include "auth_sql.h"


typedef enum {
    AUTH_LOGIN_EMAIL = 0,
    AUTH_LOGIN_PASSWORD
} auth_login_field_e;


static ngx_int_t auth_login_find(dt_call_t *call);
static ngx_int_t auth_login_check(dt_call_t *call);
static ngx_int_t auth_login_open(dt_call_t *call);
static ngx_int_t auth_login_reply(dt_call_t *call);
static ngx_int_t auth_logout_end(dt_call_t *call);
static ngx_int_t auth_logout_tell(dt_call_t *call);


/* What no account can have is a wrong login like any other, so the rules for
 * new ones are not told here. */

static const dt_field_t  auth_login_fields[] = {
    { "email", DT_LINE, DT_REQUIRED, 1, AUTH_EMAIL_MAX, 0, NULL },
    { "password", DT_TEXT, DT_REQUIRED|DT_SECRET,
      1, AUTH_PASSWORD_MAX, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};


const dt_input_t  auth_login_input = {
    DT_IN_BODY, "user", 8192, auth_login_fields, 0
};


const dt_step_t  auth_login[] = {
    auth_login_find,
    auth_login_check,
    auth_login_open,
    dt_outcome,
    auth_login_reply,
    NULL
};

const dt_step_t  auth_logout[] = {
    auth_logout_end,
    dt_outcome,
    auth_logout_tell,
    dt_reply_empty,
    NULL
};


static ngx_int_t
auth_login_find(dt_call_t *call)
{
    const char  *values[1];

    values[0] = (const char *) call->input[AUTH_LOGIN_EMAIL].text.data;

    return dt_query(call, &sql_user_by_email, values);
}


/* An unknown user's hash is empty, and takes as long. */

static ngx_int_t
auth_login_check(dt_call_t *call)
{
    ngx_str_t  hash;

    hash = dt_column(call, "hash");

    return auth_password_run(call, auth_password_check,
                             &call->input[AUTH_LOGIN_PASSWORD].text, &hash);
}


static ngx_int_t
auth_login_open(dt_call_t *call)
{
    const char             *values[6];
    const auth_password_t  *password;

    password = auth_password_result(call);
    if (password == NULL) {
        return DT_FAILED;
    }

    if (!password->right) {
        return dt_fail(call, DT_UNAUTHORIZED, "credentials", "invalid");
    }

    /* the row's strings live as long as the call, though it has new rows */

    values[0] = (const char *) dt_column(call, "id").data;
    values[1] = password->hash;
    values[2] = password->fresh[0] ? password->fresh : NULL;
    values[3] = auth_session_expires(call);
    values[4] = auth_client_agent(call);
    values[5] = auth_client_address(call);

    if (values[3] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_session_open, values);
}


static ngx_int_t
auth_login_reply(dt_call_t *call)
{
    ngx_str_t               session;
    static const ngx_str_t  none = ngx_null_string;

    session = dt_column(call, "session");

    return auth_reply(call, NGX_HTTP_OK, &none, &session);
}


static ngx_int_t
auth_logout_end(dt_call_t *call)
{
    const char  *values[2];

    values[0] = (const char *) call->viewer.session;
    values[1] = dt_call_viewer(call);

    if (values[1] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_session_end, values);
}


/* Told even if the database does not know the session: the token is good
 * until somebody says otherwise. */

static ngx_int_t
auth_logout_tell(dt_call_t *call)
{
    ngx_str_t  session, until;

    session.data = call->viewer.session;
    session.len = ngx_strlen(call->viewer.session);
    until = dt_column(call, "until");

    if (until.len == 0) {
        until = dt_call_format(call, "%T", call->viewer.expires);
        if (until.data == NULL) {
            return dt_fail(call, DT_INTERNAL, NULL, NULL);
        }
    }

    return auth_revocation_tell(call, &session, &until);
}
