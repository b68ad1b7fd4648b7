/*
 * A request's body: what may be said before it is read, and what it is when it
 * has come.
 */

#include "dt_body.h"
#include "dt_core.h"


static ngx_int_t dt_body_join(dt_call_t *call, ngx_chain_t *bufs,
    ngx_str_t *body);


ngx_int_t
dt_body_rules(dt_call_t *call)
{
    ngx_str_t           *type;
    ngx_http_request_t  *r;
    static ngx_str_t     json = ngx_string("application/json");

    r = call->request;

    if (r->headers_in.content_length_n
        > (off_t) call->match.route->input->body_max)
    {
        return dt_fail(call, DT_TOO_LARGE, NULL, NULL);
    }

    if (r->headers_in.content_length_n <= 0 && !r->headers_in.chunked) {
        return dt_fail(call, DT_MALFORMED, "body", "is missing");
    }

    if (r->headers_in.content_type == NULL) {
        return dt_fail(call, DT_MEDIA_TYPE, NULL, NULL);
    }

    type = &r->headers_in.content_type->value;

    if (type->len < json.len
        || ngx_strncasecmp(type->data, json.data, json.len) != 0
        || (type->len > json.len
            && ngx_strchr("; \t", type->data[json.len]) == NULL))
    {
        return dt_fail(call, DT_MEDIA_TYPE, NULL, NULL);
    }

    return DT_NEXT;
}


ngx_int_t
dt_body_parse(dt_call_t *call)
{
    ngx_int_t                 rc;
    ngx_str_t                 body;
    const dt_input_t         *input;
    ngx_http_request_body_t  *rb;

    rb = call->request->request_body;
    input = call->match.route->input;

    if (rb && rb->temp_file) {
        ngx_log_error(NGX_LOG_NOTICE, call->request->connection->log, 0,
                      "devtalk: a body went to disk: it came in tiny chunks, "
                      "or client_body_buffer_size is less than "
                      "client_max_body_size");
        return dt_fail(call, DT_TOO_LARGE, NULL, NULL);
    }

    rc = dt_body_join(call, rb ? rb->bufs : NULL, &body);
    if (rc != DT_NEXT) {
        return rc;
    }

    return dt_call_check(call, dt_input_json(call->pool, input, &body,
                                             call->input, &call->problems));
}


/* A chunked body, or one that came in parts, is several buffers. */

static ngx_int_t
dt_body_join(dt_call_t *call, ngx_chain_t *bufs, ngx_str_t *body)
{
    size_t        len;
    u_char       *p;
    ngx_chain_t  *cl;

    ngx_str_null(body);

    for (cl = bufs; cl; cl = cl->next) {
        body->len += cl->buf->last - cl->buf->pos;
    }

    if (body->len > call->match.route->input->body_max) {
        return dt_fail(call, DT_TOO_LARGE, NULL, NULL);
    }

    if (bufs == NULL || bufs->next == NULL) {
        body->data = bufs ? bufs->buf->pos : NULL;
        return DT_NEXT;
    }

    body->data = ngx_pnalloc(call->pool, body->len);
    if (body->data == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    p = body->data;

    for (cl = bufs; cl; cl = cl->next) {
        len = cl->buf->last - cl->buf->pos;

        /* the last of a chunked body has no memory */

        if (len) {
            p = ngx_cpymem(p, cl->buf->pos, len);
            ngx_explicit_memzero(cl->buf->pos, len);
            cl->buf->pos = cl->buf->last;
        }
    }

    /* the call's end wipes this one in the place of the parts */

    bufs->buf->pos = body->data;
    bufs->buf->start = body->data;
    bufs->buf->last = body->data + body->len;
    bufs->next = NULL;

    return DT_NEXT;
}


void
dt_body_wipe(dt_call_t *call)
{
    ngx_buf_t                *b;
    ngx_uint_t                i, secret;
    const dt_field_t         *field;
    ngx_http_request_body_t  *rb;

    if (call->match.route == NULL || call->match.route->input == NULL) {
        return;
    }

    secret = 0;
    field = call->match.route->input->fields;

    for (i = 0; field[i].name; i++) {
        if (field[i].flags & DT_SECRET) {
            secret = 1;

            if (call->input[i].text.len) {
                ngx_explicit_memzero(call->input[i].text.data,
                                     call->input[i].text.len);
            }
        }
    }

    rb = call->request->request_body;

    if (secret && rb && rb->bufs && rb->bufs->buf->start) {
        b = rb->bufs->buf;
        ngx_explicit_memzero(b->start, b->last - b->start);
    }
}
