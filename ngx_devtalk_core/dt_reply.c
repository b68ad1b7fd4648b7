/*
 * Answers.
 */

#include "dt_core.h"


static ngx_int_t dt_reply_etag(dt_call_t *call, const ngx_str_t *etag,
    const ngx_str_t *seen);
static ngx_str_t dt_reply_other_args(dt_call_t *call);
static ngx_int_t dt_reply_column(dt_call_t *call, ngx_uint_t status);
static ngx_int_t dt_reply_slots(dt_call_t *call, ngx_str_t *body);


/* RFC 9110 §15.5.21; nginx knows the number, but no words for it */

#define DT_HTTP_UNPROCESSABLE  422

static const ngx_str_t  dt_unprocessable =
    ngx_string("422 Unprocessable Content");

static const ngx_str_t  dt_type_json = ngx_string("application/json");


ngx_int_t
dt_reply_json(dt_call_t *call, ngx_uint_t status, const ngx_str_t *json)
{
    call->answered = 1;
    call->sent = dt_reply_send(call, status, &dt_type_json, json);

    return DT_ANSWERED;
}


ngx_int_t
dt_reply_send(dt_call_t *call, ngx_uint_t status, const ngx_str_t *type,
    const ngx_str_t *body)
{
    ngx_buf_t           *b;
    ngx_int_t            rc;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = call->request;

    /* conditions are for reads of what has a version: a write has happened
     * by now; and there is no date to compare (RFC 9110 §13.1.4) */

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
        || r->headers_out.etag == NULL)
    {
        r->disable_not_modified = 1;
    }

    r->headers_in.if_unmodified_since = NULL;

    r->headers_out.status = status;

    if (status == DT_HTTP_UNPROCESSABLE) {
        r->headers_out.status_line = dt_unprocessable;
    }

    if (status == NGX_HTTP_NO_CONTENT || body->len == 0) {
        r->header_only = 1;
        r->headers_out.content_length_n = status == NGX_HTTP_NO_CONTENT
                                          ? -1 : 0;

    } else {
        r->headers_out.content_type = *type;
        r->headers_out.content_type_len = type->len;
        r->headers_out.content_type_lowcase = NULL;
        r->headers_out.content_length_n = body->len;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
dt_reply_header(dt_call_t *call, const char *name, const ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&call->request->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


/* The viewer's fields are a part of what the reply shows. */

static ngx_int_t
dt_reply_etag(dt_call_t *call, const ngx_str_t *etag, const ngx_str_t *seen)
{
    ngx_str_t         quoted;
    ngx_list_t       *headers;
    ngx_table_elt_t  *h;

    if (etag->len == 0) {
        return NGX_OK;
    }

    quoted = seen->len ? dt_call_format(call, "\"%V-%V\"", etag, seen)
                       : dt_call_format(call, "\"%V\"", etag);

    if (quoted.data == NULL
        || dt_reply_header(call, "ETag", &quoted) != NGX_OK)
    {
        return NGX_ERROR;
    }

    headers = &call->request->headers_out.headers;
    h = headers->last->elts;

    /* nginx answers If-None-Match and If-Match by it (RFC 9110 §13) */

    call->request->headers_out.etag = &h[headers->last->nelts - 1];

    return NGX_OK;
}


ngx_int_t
dt_reply_next(dt_call_t *call, const ngx_str_t *position)
{
    off_t       time, id;
    u_char      cursor[DT_CURSOR_LEN], *point, *last;
    size_t      len;
    ngx_str_t   link, args;

    if (position->len == 0) {
        return NGX_OK;
    }

    /* a part of a cached value: no zero ends it */

    last = position->data + position->len;

    point = ngx_strlchr(position->data, last, '.');
    if (point == NULL) {
        return NGX_ERROR;
    }

    time = ngx_atoof(position->data, point - position->data);
    id = ngx_atoof(point + 1, last - point - 1);

    if (time == NGX_ERROR || id == NGX_ERROR) {
        return NGX_ERROR;
    }

    len = dt_cursor_encode(cursor, time, id);

    args = dt_reply_other_args(call);

    link = dt_call_format(call, "<%V?%V%scursor=%*s>; rel=\"next\"",
                          &call->request->uri, &args, args.len ? "&" : "",
                          len, cursor);

    if (args.data == NULL || link.data == NULL) {
        return NGX_ERROR;
    }

    return dt_reply_header(call, "Link", &link);
}


/* The query string without its cursor and offset. */

static ngx_str_t
dt_reply_other_args(dt_call_t *call)
{
    u_char     *p, *last, *end, *to;
    ngx_str_t   args, kept;

    args = call->request->args;

    kept.len = 0;
    kept.data = ngx_pnalloc(call->pool, args.len + 1);
    if (kept.data == NULL) {
        return kept;
    }

    to = kept.data;
    last = args.data + args.len;

    for (p = args.data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '&');
        if (end == NULL) {
            end = last;
        }

        if (end - p >= 7
            && (ngx_strncmp(p, "cursor=", 7) == 0
                || ngx_strncmp(p, "offset=", 7) == 0))
        {
            continue;
        }

        if (to > kept.data) {
            *to++ = '&';
        }

        to = ngx_cpymem(to, p, end - p);
    }

    kept.len = to - kept.data;

    return kept;
}


ngx_int_t
dt_reply_ok(dt_call_t *call)
{
    return dt_reply_column(call, NGX_HTTP_OK);
}


ngx_int_t
dt_reply_created(dt_call_t *call)
{
    return dt_reply_column(call, NGX_HTTP_CREATED);
}


ngx_int_t
dt_reply_empty(dt_call_t *call)
{
    static const ngx_str_t  nothing = ngx_null_string;

    return dt_reply_json(call, NGX_HTTP_NO_CONTENT, &nothing);
}


static ngx_int_t
dt_reply_column(dt_call_t *call, ngx_uint_t status)
{
    ngx_str_t  etag, next, reply, seen;

    ngx_str_null(&seen);

    etag = dt_column(call, "etag");
    next = dt_column(call, "next");
    reply = dt_column(call, "reply");

    if (dt_reply_etag(call, &etag, &seen) != NGX_OK
        || dt_reply_next(call, &next) != NGX_OK)
    {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_reply_json(call, status, &reply);
}


ngx_int_t
dt_reply_cached(dt_call_t *call)
{
    ngx_str_t           body;
    dt_value_cached_t  *value;

    value = call->cached;
    body = value->body;

    if (dt_reply_slots(call, &body) != NGX_OK
        || dt_reply_etag(call, &value->etag, &call->seen) != NGX_OK
        || dt_reply_next(call, &value->next) != NGX_OK)
    {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    return dt_reply_json(call, NGX_HTTP_OK, &body);
}


/*
 * The shared body goes out as it lies in the zone, uncopied, unless this
 * viewer has to see a "true".
 */

static ngx_int_t
dt_reply_slots(dt_call_t *call, ngx_str_t *body)
{
    u_char             *p, *from;
    ngx_uint_t          i;
    dt_value_cached_t  *value;

    value = call->cached;

    if (call->seen.len < value->nslots
        || ngx_strlchr(call->seen.data, call->seen.data + call->seen.len,
                       '1')
           == NULL)
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(call->pool, body->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    from = value->body.data;
    body->data = p;

    for (i = 0; i < value->nslots; i++) {

        if (call->seen.data[i] != '1') {
            continue;
        }

        p = ngx_cpymem(p, from, value->body.data + value->slots[i].offset
                                - from);
        p = ngx_cpymem(p, "true", 4);
        from = value->body.data + value->slots[i].offset + 5;
    }

    p = ngx_cpymem(p, from, value->body.data + value->body.len - from);
    body->len = p - body->data;

    return NGX_OK;
}
