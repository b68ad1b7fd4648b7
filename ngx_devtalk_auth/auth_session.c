/*
 * Sessions: log in and out, see which there are.
 */

#include "auth.h"
#include "auth_password.h"
#include "auth_revocation.h"
#include "auth_sql.h"


static ngx_int_t auth_login_open(dt_call_t *call);
static ngx_int_t auth_login_reply(dt_call_t *call);
static ngx_int_t auth_logout_end(dt_call_t *call);
static ngx_int_t auth_logout_tell(dt_call_t *call);
static ngx_int_t auth_session_select(dt_call_t *call);
static ngx_int_t auth_session_end_one(dt_call_t *call);
static ngx_int_t auth_session_end_all(dt_call_t *call);
static ngx_int_t auth_session_end(dt_call_t *call, const char *session);
static ngx_uint_t auth_session_named(const ngx_str_t *id);


/* What no account can have is a wrong login like any other, so the rules for
 * new ones are not told here. */

static const dt_field_t  auth_login_fields[] = {
    AUTH_LOGIN_FIELDS,
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
    auth_grant_forget,
    dt_reply_empty,
    NULL
};

const dt_step_t  auth_session_list[] = {
    auth_session_select,
    dt_reply_ok,
    NULL
};

const dt_step_t  auth_session_remove[] = {
    auth_session_end_one,
    dt_outcome,
    auth_revocation_ended,
    dt_reply_empty,
    NULL
};

const dt_step_t  auth_session_remove_all[] = {
    auth_session_end_all,
    dt_outcome,
    auth_revocation_ended,
    auth_grant_forget,
    dt_reply_empty,
    NULL
};


ngx_int_t
auth_login_find(dt_call_t *call)
{
    const char  *values[1];

    values[0] = (const char *) call->input[AUTH_LOGIN_EMAIL].text.data;

    return dt_query(call, &sql_user_by_email, values);
}


/* An unknown user's hash is empty, and takes as long. */

ngx_int_t
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
    return auth_session_open(call, NULL, NULL);
}


ngx_int_t
auth_session_open(dt_call_t *call, const char *refresh, const char *idle)
{
    const char             *values[8];
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
    values[6] = refresh;
    values[7] = idle;

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


static ngx_int_t
auth_session_select(dt_call_t *call)
{
    const char  *values[2];

    values[0] = dt_call_viewer(call);
    values[1] = (const char *) call->viewer.session;

    if (values[0] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_sessions_list, values);
}


static ngx_int_t
auth_session_end_one(dt_call_t *call)
{
    const char  *session;

    if (!auth_session_named(&call->match.params[0])) {
        return dt_fail(call, DT_NOT_FOUND, "session", "not found");
    }

    session = dt_call_param(call, 0);
    if (session == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return auth_session_end(call, session);
}


static ngx_int_t
auth_session_end_all(dt_call_t *call)
{
    return auth_session_end(call, NULL);
}


static ngx_int_t
auth_session_end(dt_call_t *call, const char *session)
{
    const char  *values[2];

    values[0] = dt_call_viewer(call);
    values[1] = session;

    if (values[0] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_sessions_end, values);
}


/* A UUID as the list shows it. */

static ngx_uint_t
auth_session_named(const ngx_str_t *id)
{
    ngx_uint_t           i;
    static const u_char  form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (id->len != sizeof(form) - 1) {
        return 0;
    }

    for (i = 0; i < id->len; i++) {

        if (form[i] == '-' ? id->data[i] != '-'
                           : ngx_hextoi(&id->data[i], 1) == NGX_ERROR)
        {
            return 0;
        }
    }

    return 1;
}
