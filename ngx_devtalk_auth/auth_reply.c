/*
 * Replies with a token in them, and what they need.
 */

#include "auth.h"

#include <stdlib.h>


#define AUTH_AGENT_MAX  200

/* A token is signed after its session was written; the session must not be
 * the first to expire, or its end would be forgotten too early. */
#define AUTH_SESSION_SLACK  60


static ngx_int_t auth_viewer_copy(u_char *to, size_t max,
    const ngx_str_t *from);


ngx_int_t
auth_reply(dt_call_t *call, ngx_uint_t status, const ngx_str_t *token,
    const ngx_str_t *session)
{
    u_char                  *place;
    ngx_str_t                reply, own, json;
    static const ngx_str_t   empty = ngx_string("\"token\":\"\"");
    static const ngx_str_t   no_store = ngx_string("no-store");

    own = token->len ? *token : auth_token(call, session);
    reply = dt_column(call, "reply");

    /* inside of a JSON string it would have escaped quotes */

    place = reply.len ? memmem(reply.data, reply.len, empty.data, empty.len)
                      : NULL;

    if (own.len == 0 || place == NULL) {
        ngx_log_error(NGX_LOG_CRIT, call->request->connection->log, 0,
                      "devtalk: a reply of \"%s\" has no %s",
                      call->match.route->pattern,
                      own.len ? "place for a token" : "token");
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    place += empty.len - 1;

    json = dt_call_format(call, "%*s%V%*s", (size_t) (place - reply.data),
                          reply.data, &own,
                          (size_t) (reply.data + reply.len - place), place);
    if (json.data == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    /* RFC 6749 §5.1: a token is for one client, not for a cache */

    if (dt_reply_header(call, "Cache-Control", &no_store) != NGX_OK) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_reply_json(call, status, &json);
}


ngx_str_t
auth_token(dt_call_t *call, const ngx_str_t *session)
{
    char         *text;
    ngx_str_t     id, username, role, token;
    dt_viewer_t   viewer;

    ngx_str_null(&token);
    ngx_memzero(&viewer, sizeof(dt_viewer_t));

    id = dt_column(call, "id");
    username = dt_column(call, "username");
    role = dt_column(call, "role");

    if (id.len == 0
        || auth_viewer_copy(viewer.username, DT_USERNAME_MAX, &username)
           != NGX_OK
        || auth_viewer_copy(viewer.role, DT_ROLE_MAX, &role) != NGX_OK
        || auth_viewer_copy(viewer.session, DT_SESSION_MAX, session)
           != NGX_OK)
    {
        return token;
    }

    viewer.user = strtoll((char *) id.data, NULL, 10);

    text = dt_token_issue(&viewer, ngx_time());
    if (text == NULL) {
        return token;
    }

    token = dt_call_format(call, "%s", text);
    free(text);

    return token;
}


static ngx_int_t
auth_viewer_copy(u_char *to, size_t max, const ngx_str_t *from)
{
    if (from->len == 0 || from->len > max) {
        return NGX_ERROR;
    }

    ngx_memcpy(to, from->data, from->len);
    to[from->len] = '\0';

    return NGX_OK;
}


const char *
auth_client_agent(dt_call_t *call)
{
    size_t            len;
    u_char           *copy;
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    h = call->request->headers_in.user_agent;

    if (h == NULL) {
        return NULL;
    }

    len = ngx_min(h->value.len, AUTH_AGENT_MAX);

    copy = ngx_pnalloc(call->pool, len + 1);
    if (copy == NULL) {
        return NULL;
    }

    for (i = 0; i < len; i++) {
        copy[i] = h->value.data[i] >= ' ' && h->value.data[i] < 0x7f
                  ? h->value.data[i] : '?';
    }

    copy[len] = '\0';

    return (const char *) copy;
}


const char *
auth_client_address(dt_call_t *call)
{
    ngx_str_t  address;

    address = dt_call_format(call, "%V",
                             &call->request->connection->addr_text);

    return (const char *) address.data;
}


const char *
auth_session_expires(dt_call_t *call)
{
    ngx_str_t  expires;

    expires = dt_call_format(call, "%T", dt_token_expires(ngx_time())
                                         + AUTH_SESSION_SLACK);

    return (const char *) expires.data;
}
