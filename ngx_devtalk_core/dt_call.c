/*
 * A request's way: call, access, input, steps, answer.
 */

#include "dt_body.h"
#include "dt_core.h"
#include "dt_header.h"
#include "dt_ident.h"
#include "dt_problem.h"


#define DT_CALL_DOUBT       1000     /* ms to wait, at most */
#define DT_CALL_DOUBT_NEW   2000     /* the same in a worker's first moments */
#define DT_CALL_DOUBT_POLL  5

#define DT_CALL_TAGS        16       /* of If-Match; more are not looked at */


static dt_call_t *dt_call_find(ngx_http_request_t *r);
static dt_call_t *dt_call_create(ngx_http_request_t *r);
static void dt_call_destroyed(void *data);
static void dt_call_route(dt_call_t *call);
static ngx_int_t dt_call_access(dt_call_t *call);
static ngx_int_t dt_call_input(dt_call_t *call);
static void dt_call_body_read(ngx_http_request_t *r);
static ngx_int_t dt_call_begin(dt_call_t *call);
static ngx_int_t dt_call_doubt(dt_call_t *call);
static void dt_call_doubt_handler(ngx_event_t *ev);
static ngx_int_t dt_call_run(dt_call_t *call);
static ngx_int_t dt_call_problem(dt_call_t *call);
static void dt_call_continue(dt_call_t *call);


static const ngx_uint_t  dt_call_methods[] = {
    0, NGX_HTTP_GET|NGX_HTTP_HEAD, NGX_HTTP_POST, NGX_HTTP_PUT,
    NGX_HTTP_DELETE
};

/* When this worker's first call began to wait; 0: none has. */
static ngx_msec_t  dt_call_doubted;


ngx_int_t
dt_call_handler(ngx_http_request_t *r)
{
    ngx_int_t   rc;
    dt_call_t  *call;

    /* a call is one request's */

    if (r != r->main) {
        return NGX_HTTP_NOT_FOUND;
    }

    call = dt_call_get(r);
    if (call == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = dt_call_access(call);

    if (rc == DT_NEXT && call->match.route->input
        && call->match.route->input->source == DT_IN_BODY)
    {
        rc = dt_body_rules(call);

        if (rc == DT_NEXT) {
            r->request_body_in_single_buf = 1;
            rc = ngx_http_read_client_request_body(r, dt_call_body_read);

            return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
        }
    }

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        return NGX_HTTP_BAD_REQUEST;
    }

    if (rc == DT_NEXT) {
        rc = dt_call_input(call);
    }

    if (rc == DT_NEXT) {
        rc = dt_call_begin(call);
    }

    if (rc == DT_PARKED) {
        r->main->count++;
        return NGX_DONE;
    }

    return rc == DT_FAILED ? dt_call_problem(call) : call->sent;
}


dt_call_t *
dt_call_get(ngx_http_request_t *r)
{
    dt_call_t  *call;

    r = r->main;

    call = dt_call_find(r);

    if (call == NULL) {
        call = dt_call_create(r);
    }

    if (call && !call->routed) {
        dt_call_route(call);
    }

    return call;
}


static dt_call_t *
dt_call_find(ngx_http_request_t *r)
{
    dt_call_t           *call;
    ngx_pool_cleanup_t  *cln;

    call = ngx_http_get_module_ctx(r, ngx_devtalk_core_module);

    if (call) {
        return call;
    }

    /* an internal redirect (error_page) has forgotten the contexts */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == dt_call_destroyed) {
            ngx_http_set_ctx(r, cln->data, ngx_devtalk_core_module);
            return cln->data;
        }
    }

    return NULL;
}


static dt_call_t *
dt_call_create(ngx_http_request_t *r)
{
    dt_call_t           *call;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(dt_call_t));
    if (cln == NULL) {
        return NULL;
    }

    call = cln->data;
    ngx_memzero(call, sizeof(dt_call_t));
    cln->handler = dt_call_destroyed;

    call->request = r;
    call->pool = r->pool;

    if (dt_ident_take(call) != NGX_OK) {
        return NULL;
    }

    ngx_http_set_ctx(r, call, ngx_devtalk_core_module);

    return call;
}


static void
dt_call_destroyed(void *data)
{
    dt_call_t *call = data;

    if (call->doubt && call->doubt->timer_set) {
        ngx_del_timer(call->doubt);
    }

    dt_body_wipe(call);
}


static void
dt_call_route(dt_call_t *call)
{
    ngx_uint_t           method;
    dt_loc_conf_t       *dlcf;
    ngx_http_request_t  *r;

    r = call->request;
    dlcf = ngx_http_get_module_loc_conf(r, ngx_devtalk_core_module);

    if (dlcf->router == NULL) {
        return;
    }

    call->routed = 1;

    for (method = DT_METHODS - 1; method > 0; method--) {
        if (dt_call_methods[method] & r->method) {
            break;
        }
    }

    /* no name of ours has bytes that are no text */

    if (dt_utf8_length(r->uri.data, r->uri.len) < 0) {
        return;
    }

    dt_router_find(dlcf->router, method, &r->uri, &call->match);

    if (call->match.route) {
        dt_call_identify(call);
    }
}


void
dt_call_identify(dt_call_t *call)
{
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    r = call->request;
    h = r->headers_in.authorization;

    if (call->identified || h == NULL || h->value.len == 0) {
        return;
    }

    call->identified = 1;

    if (dt_authorization_token(&h->value, &call->token) != NGX_OK) {
        call->token_state = DT_TOKEN_BAD;
        return;
    }

    call->token_state = dt_token_check(&call->token,
                                       &r->connection->addr_text,
                                       ngx_time(), &call->viewer);
}


static ngx_int_t
dt_call_access(dt_call_t *call)
{
    if (call->match.route == NULL) {
        return dt_fail(call, call->match.allow ? DT_METHOD : DT_NOT_FOUND,
                       NULL, NULL);
    }

    switch (call->token_state) {

    case DT_TOKEN_GOOD:
        break;

    case DT_TOKEN_THROTTLED:
        return dt_fail(call, DT_TOO_MANY, "token", "too many bad ones");

    case DT_TOKEN_UNCHECKED:
        return dt_fail(call, DT_UNAVAILABLE, NULL, NULL);

    default:
        return dt_fail(call, DT_UNAUTHORIZED, "token", "is invalid");
    }

    if (call->match.route->access != DT_ANYONE && call->viewer.user == 0) {
        return dt_fail(call, DT_UNAUTHORIZED, "token", "is missing");
    }

    return DT_NEXT;
}


static void
dt_call_body_read(ngx_http_request_t *r)
{
    ngx_int_t   rc;
    dt_call_t  *call;

    call = dt_call_get(r);
    if (call == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    rc = dt_body_parse(call);

    if (rc == DT_NEXT) {
        rc = dt_call_begin(call);
    }

    if (rc == DT_PARKED) {
        return;
    }

    ngx_http_finalize_request(r, rc == DT_FAILED ? dt_call_problem(call)
                                                 : call->sent);
}


static ngx_int_t
dt_call_input(dt_call_t *call)
{
    const dt_input_t  *input;

    input = call->match.route->input;

    if (input == NULL) {
        return DT_NEXT;
    }

    return dt_call_check(call, dt_input_query(call->pool, input,
                                              &call->request->args,
                                              call->input, &call->problems));
}


ngx_int_t
dt_call_check(dt_call_t *call, dt_error_e error)
{
    if (error == DT_NO_ERROR) {
        return DT_NEXT;
    }

    call->error = error;

    return DT_FAILED;
}


static ngx_int_t
dt_call_begin(dt_call_t *call)
{
    ngx_http_request_t  *r;

    r = call->request;

    /* notice a client that leaves while the call is parked */

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    call->step = call->match.route->steps;

    if (call->viewer.user && !dt_token_knows_ended()) {
        return dt_call_doubt(call);
    }

    return dt_call_run(call);
}


/*
 * A worker that has just started cannot tell yet whether the token's session
 * has ended.  The first of those who wait may have to wait longer: on a busy
 * machine a first connection takes its time.
 */

static ngx_int_t
dt_call_doubt(dt_call_t *call)
{
    call->doubt = ngx_pcalloc(call->pool, sizeof(ngx_event_t));
    if (call->doubt == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    call->since = ngx_current_msec;

    if (dt_call_doubted == 0) {
        dt_call_doubted = ngx_current_msec;
    }

    call->doubt->handler = dt_call_doubt_handler;
    call->doubt->data = call;
    call->doubt->log = call->request->connection->log;

    ngx_add_timer(call->doubt, DT_CALL_DOUBT_POLL);

    return DT_PARKED;
}


static void
dt_call_doubt_handler(ngx_event_t *ev)
{
    ngx_int_t   rc;
    dt_call_t  *call = ev->data;

    if (dt_token_knows_ended()) {
        call->identified = 0;
        ngx_memzero(&call->viewer, sizeof(dt_viewer_t));
        dt_call_identify(call);
        rc = dt_call_access(call);

    } else if (ngx_current_msec - call->since < DT_CALL_DOUBT
               || ngx_current_msec - dt_call_doubted < DT_CALL_DOUBT_NEW)
    {
        ngx_add_timer(ev, DT_CALL_DOUBT_POLL);
        return;

    } else {
        rc = dt_fail(call, DT_UNAVAILABLE, NULL, NULL);
    }

    if (rc != DT_NEXT) {
        call->sent = dt_call_problem(call);
    }

    dt_call_continue(call);
}


/* DT_PARKED, or DT_ANSWERED with what sending gave in call->sent. */

static ngx_int_t
dt_call_run(dt_call_t *call)
{
    ngx_int_t  rc;

    call->running = 1;

    for ( ;; ) {

        if (*call->step == NULL) {
            ngx_log_error(NGX_LOG_CRIT, call->request->connection->log, 0,
                          "devtalk: the steps of \"%s\" end without an answer",
                          call->match.route->pattern);
            rc = dt_fail(call, DT_INTERNAL, NULL, NULL);

        } else {
            rc = (*call->step)(call);
        }

        if (rc == DT_PARKED && call->resumed) {
            call->resumed = 0;
            rc = call->error ? DT_FAILED : DT_NEXT;
        }

        if (rc == DT_NEXT || (rc == DT_FAILED && dt_cache_rescue(call))) {
            call->step++;
            continue;
        }

        break;
    }

    call->running = 0;

    if (rc == DT_FAILED) {
        call->sent = dt_call_problem(call);
        rc = DT_ANSWERED;
    }

    return rc;
}


static ngx_int_t
dt_call_problem(dt_call_t *call)
{
    if (call->error == DT_NO_ERROR) {
        call->error = DT_INTERNAL;
    }

    call->answered = 1;

    return dt_problem_reply(call);
}


void
dt_call_resume(dt_call_t *call)
{
    if (call->running) {
        call->resumed = 1;
        return;
    }

    call->step++;

    dt_call_continue(call);
}


void
dt_call_fail(dt_call_t *call, dt_error_e error)
{
    (void) dt_fail(call, error, NULL, NULL);

    if (call->running) {
        call->resumed = 1;
        return;
    }

    if (dt_cache_rescue(call)) {
        call->step++;

    } else {
        call->sent = dt_call_problem(call);
    }

    dt_call_continue(call);
}


static void
dt_call_continue(dt_call_t *call)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = call->request;
    c = r->connection;

    if (!call->answered && dt_call_run(call) == DT_PARKED) {
        return;
    }

    ngx_http_finalize_request(r, call->sent);
    ngx_http_run_posted_requests(c);
}


ngx_int_t
dt_fail(dt_call_t *call, dt_error_e error, const char *field,
    const char *message)
{
    call->error = error;

    if (field) {
        dt_problem_add(&call->problems, field, message);
    }

    return DT_FAILED;
}


void
dt_call_skip(dt_call_t *call, dt_step_t step)
{
    while (*call->step != step) {
        call->step++;
    }
}


const char *
dt_call_param(dt_call_t *call, ngx_uint_t n)
{
    ngx_str_t  param;

    param = dt_call_format(call, "%V", &call->match.params[n]);

    return (const char *) param.data;
}


ngx_pool_cleanup_t *
dt_call_cleanup(dt_call_t *call, ngx_pool_cleanup_pt handler, void *data)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(call->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = handler;
    cln->data = data;

    return cln;
}


ngx_str_t
dt_call_format(dt_call_t *call, const char *format, ...)
{
    size_t     size;
    u_char    *last;
    va_list    args;
    ngx_str_t  text;

    /* grows until the text fits: nginx's printf does not tell its length */

    for (size = 128; ; size *= 4) {

        text.data = ngx_pnalloc(call->pool, size);
        if (text.data == NULL) {
            text.len = 0;
            return text;
        }

        va_start(args, format);
        last = ngx_vslprintf(text.data, text.data + size - 1, format, args);
        va_end(args);

        if (last < text.data + size - 1) {
            *last = '\0';
            text.len = last - text.data;
            return text;
        }
    }
}


const char *
dt_call_viewer(dt_call_t *call)
{
    ngx_str_t  id;

    if (call->viewer.user == 0) {
        return NULL;
    }

    id = dt_call_format(call, "%L", call->viewer.user);

    return (const char *) id.data;
}


ngx_int_t
dt_call_if_match(dt_call_t *call, const char **tags)
{
    ngx_str_t         list[DT_CALL_TAGS];
    ngx_uint_t        i, n, ours;
    ngx_table_elt_t  *h;

    h = call->request->headers_in.if_match;
    *tags = NULL;

    if (h == NULL || dt_etag_any(&h->value)) {
        return NGX_OK;
    }

    n = dt_etag_list(&h->value, list, DT_CALL_TAGS);
    ours = 0;

    /* a tag may have bytes that are no text; none of ours has */

    for (i = 0; i < n; i++) {
        if (dt_utf8_length(list[i].data, list[i].len) >= 0) {
            list[ours++] = list[i];
        }
    }

    *tags = dt_pg_array(call->pool, list, ours);

    return *tags ? NGX_OK : NGX_ERROR;
}
