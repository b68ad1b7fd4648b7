/*
 * Accounts: register, read, change, delete.
 */

#include "auth.h"
#include "auth_password.h"
#include "auth_revocation.h"
#include "auth_sql.h"


typedef enum {
    AUTH_USERNAME = 0,
    AUTH_EMAIL,
    AUTH_PASSWORD,
    AUTH_BIO,
    AUTH_IMAGE
} auth_field_e;


static ngx_int_t auth_user_free(dt_call_t *call);
static ngx_int_t auth_user_hash(dt_call_t *call);
static ngx_int_t auth_user_insert(dt_call_t *call);
static ngx_int_t auth_user_created(dt_call_t *call);
static ngx_int_t auth_user_select(dt_call_t *call);
static ngx_int_t auth_user_reply(dt_call_t *call);
static ngx_int_t auth_user_rehash(dt_call_t *call);
static ngx_int_t auth_user_change(dt_call_t *call);
static ngx_int_t auth_user_changed(dt_call_t *call);
static ngx_int_t auth_user_remove(dt_call_t *call);
static const char *auth_text(const dt_value_t *value);


static const dt_field_t  auth_user_add_fields[] = {
    { "username", DT_LINE, DT_REQUIRED,
      1, AUTH_USERNAME_MAX, 0, auth_rule_username },
    { "email", DT_LINE, DT_REQUIRED,
      1, AUTH_EMAIL_MAX, 0, auth_rule_email },
    { "password", DT_TEXT, DT_REQUIRED|DT_SECRET,
      AUTH_PASSWORD_MIN, AUTH_PASSWORD_MAX, 0, auth_rule_password },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_field_t  auth_user_update_fields[] = {
    { "username", DT_LINE, DT_NOT_BLANK,
      1, AUTH_USERNAME_MAX, 0, auth_rule_username },
    { "email", DT_LINE, DT_NOT_BLANK,
      1, AUTH_EMAIL_MAX, 0, auth_rule_email },
    { "password", DT_TEXT, DT_NOT_BLANK|DT_SECRET,
      AUTH_PASSWORD_MIN, AUTH_PASSWORD_MAX, 0, auth_rule_password },
    { "bio", DT_TEXT, DT_EMPTY_NULL, 0, AUTH_BIO_MAX, 0, NULL },
    { "image", DT_LINE, DT_EMPTY_NULL, 0, AUTH_IMAGE_MAX, 0,
      auth_rule_image },
    { NULL, 0, 0, 0, 0, 0, NULL }
};


const dt_input_t  auth_user_add_input = {
    DT_IN_BODY, "user", 8192, auth_user_add_fields, 0
};

const dt_input_t  auth_user_update_input = {
    DT_IN_BODY, "user", 65536, auth_user_update_fields, 1
};


const dt_step_t  auth_user_add[] = {
    auth_user_free,
    dt_outcome,
    auth_user_hash,
    auth_user_insert,
    dt_outcome,
    auth_user_created,
    NULL
};

const dt_step_t  auth_user_show[] = {
    auth_user_select,
    auth_user_reply,
    NULL
};

const dt_step_t  auth_user_update[] = {
    auth_user_rehash,
    auth_user_change,
    dt_outcome,
    auth_revocation_ended,
    dt_cache_mark,
    auth_user_changed,
    NULL
};

const dt_step_t  auth_user_delete[] = {
    auth_user_remove,
    dt_outcome,
    auth_revocation_ended,
    dt_cache_mark,
    dt_reply_empty,
    NULL
};


static ngx_int_t
auth_user_free(dt_call_t *call)
{
    const char  *values[2];

    values[0] = auth_text(&call->input[AUTH_EMAIL]);
    values[1] = auth_text(&call->input[AUTH_USERNAME]);

    return dt_query(call, &sql_user_free, values);
}


static ngx_int_t
auth_user_hash(dt_call_t *call)
{
    static const ngx_str_t  none = ngx_null_string;

    return auth_password_run(call, auth_password_make,
                             &call->input[AUTH_PASSWORD].text, &none);
}


static ngx_int_t
auth_user_insert(dt_call_t *call)
{
    const char             *values[7];
    const auth_password_t  *password;

    password = auth_password_result(call);
    if (password == NULL) {
        return DT_FAILED;
    }

    values[0] = auth_text(&call->input[AUTH_EMAIL]);
    values[1] = auth_text(&call->input[AUTH_USERNAME]);
    values[2] = password->fresh;
    values[3] = auth_session_expires(call);
    values[4] = auth_client_agent(call);
    values[5] = auth_client_address(call);
    values[6] = (const char *) call->traceparent.data;

    if (values[3] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_user_add, values);
}


static ngx_int_t
auth_user_created(dt_call_t *call)
{
    ngx_str_t               session;
    static const ngx_str_t  none = ngx_null_string;

    session = dt_column(call, "session");

    return auth_reply(call, NGX_HTTP_CREATED, &none, &session);
}


static ngx_int_t
auth_user_select(dt_call_t *call)
{
    const char  *values[1];

    values[0] = dt_call_viewer(call);
    if (values[0] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_user_by_id, values);
}


static ngx_int_t
auth_user_reply(dt_call_t *call)
{
    static const ngx_str_t  none = ngx_null_string;

    if (PQntuples(call->rows) == 0) {
        return dt_fail(call, DT_UNAUTHORIZED, "token", "is invalid");
    }

    return auth_reply(call, NGX_HTTP_OK, &call->token, &none);
}


static ngx_int_t
auth_user_rehash(dt_call_t *call)
{
    if (call->input[AUTH_PASSWORD].presence != DT_SET) {
        return DT_NEXT;
    }

    return auth_user_hash(call);
}


static ngx_int_t
auth_user_change(dt_call_t *call)
{
    const char             *values[13];
    const dt_value_t       *input;
    const auth_password_t  *password;

    input = call->input;
    password = NULL;

    if (input[AUTH_PASSWORD].presence == DT_SET) {
        password = auth_password_result(call);
        if (password == NULL) {
            return DT_FAILED;
        }
    }

    values[0] = dt_call_viewer(call);
    values[1] = auth_text(&input[AUTH_EMAIL]);
    values[2] = auth_text(&input[AUTH_USERNAME]);
    values[3] = password ? password->fresh : NULL;
    values[4] = input[AUTH_BIO].presence == DT_ABSENT ? "false" : "true";
    values[5] = auth_text(&input[AUTH_BIO]);
    values[6] = input[AUTH_IMAGE].presence == DT_ABSENT ? "false" : "true";
    values[7] = auth_text(&input[AUTH_IMAGE]);
    values[8] = (const char *) call->viewer.session;
    values[9] = auth_session_expires(call);
    values[10] = auth_client_agent(call);
    values[11] = auth_client_address(call);
    values[12] = (const char *) call->traceparent.data;

    if (values[0] == NULL || values[9] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_user_update, values);
}


/* A token is good for one session and one name. */

static ngx_int_t
auth_user_changed(dt_call_t *call)
{
    ngx_str_t               session, username;
    static const ngx_str_t  none = ngx_null_string;

    session = dt_column(call, "session");
    username = dt_column(call, "username");

    if (session.len) {
        return auth_reply(call, NGX_HTTP_OK, &none, &session);
    }

    if (username.len != ngx_strlen(call->viewer.username)
        || ngx_memcmp(username.data, call->viewer.username, username.len)
           != 0)
    {
        session.data = call->viewer.session;
        session.len = ngx_strlen(call->viewer.session);

        return auth_reply(call, NGX_HTTP_OK, &none, &session);
    }

    return auth_reply(call, NGX_HTTP_OK, &call->token, &none);
}


static ngx_int_t
auth_user_remove(dt_call_t *call)
{
    const char  *values[2];

    values[0] = dt_call_viewer(call);
    values[1] = (const char *) call->traceparent.data;

    if (values[0] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_user_delete, values);
}


static const char *
auth_text(const dt_value_t *value)
{
    return value->presence == DT_SET ? (const char *) value->text.data : NULL;
}
