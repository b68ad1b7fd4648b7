/*
 * Access and refresh tokens together, as RFC 6749 §5.1 names them: to log in,
 * and to go on without a password.
 */

#include "auth.h"
#include "auth_refresh_token.h"
#include "auth_revocation.h"
#include "auth_sql.h"
#include "dt_cookie.h"


#define AUTH_COOKIE       "__Secure-devtalk-refresh"
#define AUTH_COOKIE_PATH  "/api/sessions"

/* A session is over after so many seconds without a refresh, and so many from
 * its begin. */
#define AUTH_IDLE         2592000         /* 30 days */
#define AUTH_LONGEST      7776000         /* 90 days */

#define AUTH_TEXT(number)   AUTH_TEXT_(number)
#define AUTH_TEXT_(number)  #number


typedef enum {
    AUTH_REFRESH_TOKEN = 0
} auth_refresh_field_e;


/* call->data of these routes. */

typedef struct {
    auth_refresh_token_t  presented;
    auth_refresh_token_t  token;          /* what the client gets */
    u_char                sealed[AUTH_REFRESH_HEX + 1];
    unsigned              cookie:1;       /* it goes into one */
} auth_grant_t;


static ngx_int_t auth_grant_open(dt_call_t *call);
static ngx_int_t auth_grant_created(dt_call_t *call);
static ngx_int_t auth_grant_present(dt_call_t *call);
static ngx_int_t auth_grant_exchange(dt_call_t *call);
static ngx_int_t auth_grant_stolen(dt_call_t *call);
static ngx_int_t auth_grant_refreshed(dt_call_t *call);
static ngx_int_t auth_grant_reply(dt_call_t *call, ngx_uint_t status);
static const char *auth_grant_transport(const ngx_str_t *text);


static const dt_field_t  auth_session_add_fields[] = {
    AUTH_LOGIN_FIELDS,
    { "transport", DT_LINE, 0, 1, 6, 0, auth_grant_transport },
    { NULL, 0, 0, 0, 0, 0, NULL }
};

static const dt_field_t  auth_session_refresh_fields[] = {
    { "refresh_token", DT_TEXT, DT_NOT_BLANK|DT_SECRET, 1, 256, 0, NULL },
    { NULL, 0, 0, 0, 0, 0, NULL }
};


const dt_input_t  auth_session_add_input = {
    DT_IN_BODY, "session", 8192, auth_session_add_fields, 0
};

const dt_input_t  auth_session_refresh_input = {
    DT_IN_BODY, "session", 8192, auth_session_refresh_fields, 0
};


const dt_step_t  auth_session_add[] = {
    auth_login_find,
    auth_login_check,
    auth_grant_open,
    dt_outcome,
    auth_grant_created,
    NULL
};

const dt_step_t  auth_session_refresh[] = {
    auth_grant_present,
    auth_grant_exchange,
    auth_grant_stolen,
    dt_outcome,
    auth_grant_refreshed,
    NULL
};


static ngx_int_t
auth_grant_open(dt_call_t *call)
{
    auth_grant_t      *grant;
    const dt_value_t  *transport;

    grant = ngx_pcalloc(call->pool, sizeof(auth_grant_t));
    if (grant == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    call->data = grant;
    transport = &call->input[AUTH_LOGIN_NEXT];
    grant->cookie = transport->presence == DT_SET
                    && ngx_strcmp(transport->text.data, "cookie") == 0;

    auth_refresh_token_make(&grant->token);

    return auth_session_open(call, (const char *) grant->token.hash,
                             AUTH_TEXT(AUTH_IDLE));
}


static ngx_int_t
auth_grant_created(dt_call_t *call)
{
    return auth_grant_reply(call, NGX_HTTP_CREATED);
}


/* From the body, or else from the cookie.  A form of another site can send
 * neither: SameSite keeps the cookie from it, and it has no JSON to send. */

static ngx_int_t
auth_grant_present(dt_call_t *call)
{
    ngx_str_t      text;
    auth_grant_t  *grant;

    grant = ngx_pcalloc(call->pool, sizeof(auth_grant_t));
    if (grant == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    call->data = grant;

    if (call->input[AUTH_REFRESH_TOKEN].presence == DT_SET) {
        text = call->input[AUTH_REFRESH_TOKEN].text;

    } else {
        text = dt_cookie(call, AUTH_COOKIE);
        grant->cookie = 1;

        if (text.len == 0) {
            return dt_fail(call, DT_INVALID, "refresh_token",
                           "can't be blank");
        }
    }

    if (auth_refresh_token_read(&grant->presented, &text) != NGX_OK) {
        return dt_fail(call, DT_UNAUTHORIZED, "refresh_token", "invalid");
    }

    return DT_NEXT;
}


static ngx_int_t
auth_grant_exchange(dt_call_t *call)
{
    const char    *values[8];
    auth_grant_t  *grant = call->data;

    auth_refresh_token_make(&grant->token);
    auth_refresh_token_seal(&grant->presented, &grant->token, grant->sealed);

    values[0] = (const char *) grant->presented.hash;
    values[1] = (const char *) grant->token.hash;
    values[2] = (const char *) grant->sealed;
    values[3] = auth_session_expires(call);
    values[4] = auth_client_agent(call);
    values[5] = auth_client_address(call);
    values[6] = AUTH_TEXT(AUTH_IDLE);
    values[7] = AUTH_TEXT(AUTH_LONGEST);

    if (values[3] == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_query(call, &sql_session_refresh, values);
}


/* The thief and the owner are both out, also with the access tokens that they
 * have. */

static ngx_int_t
auth_grant_stolen(dt_call_t *call)
{
    if (dt_column(call, "stolen").len) {
        ngx_log_error(NGX_LOG_WARN, call->request->connection->log, 0,
                      "devtalk: a refresh token came again after it was used: "
                      "its session has ended");
    }

    return auth_revocation_ended(call);
}


static ngx_int_t
auth_grant_refreshed(dt_call_t *call)
{
    ngx_str_t      successor;
    auth_grant_t  *grant = call->data;

    successor = dt_column(call, "successor");

    if (auth_refresh_token_open(&grant->presented, &successor, &grant->token)
        != NGX_OK)
    {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return auth_grant_reply(call, NGX_HTTP_OK);
}


static ngx_int_t
auth_grant_reply(dt_call_t *call, ngx_uint_t status)
{
    time_t                  lifetime;
    ngx_str_t               session, token, json;
    const auth_grant_t     *grant = call->data;
    static const ngx_str_t  no_store = ngx_string("no-store");

    session = dt_column(call, "session");
    token = auth_token(call, &session);
    lifetime = dt_token_expires(ngx_time()) - ngx_time();

    if (token.len == 0) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    if (grant->cookie) {
        json = dt_call_format(call, "{\"access_token\":\"%V\","
                              "\"token_type\":\"Bearer\",\"expires_in\":%T,"
                              "\"session\":\"%V\"}",
                              &token, lifetime, &session);

    } else {
        json = dt_call_format(call, "{\"access_token\":\"%V\","
                              "\"token_type\":\"Bearer\",\"expires_in\":%T,"
                              "\"refresh_token\":\"%s\",\"session\":\"%V\"}",
                              &token, lifetime, grant->token.text, &session);
    }

    if (json.data == NULL
        || dt_reply_header(call, "Cache-Control", &no_store) != NGX_OK
        || (grant->cookie
            && dt_cookie_set(call, AUTH_COOKIE,
                             (const char *) grant->token.text,
                             AUTH_COOKIE_PATH, AUTH_IDLE)
               != NGX_OK))
    {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_reply_json(call, status, &json);
}


ngx_int_t
auth_grant_forget(dt_call_t *call)
{
    if (dt_cookie(call, AUTH_COOKIE).len == 0) {
        return DT_NEXT;
    }

    if (dt_cookie_set(call, AUTH_COOKIE, "", AUTH_COOKIE_PATH, 0) != NGX_OK) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return DT_NEXT;
}


static const char *
auth_grant_transport(const ngx_str_t *text)
{
    return ngx_strcmp(text->data, "body") == 0
           || ngx_strcmp(text->data, "cookie") == 0 ? NULL : "is invalid";
}
