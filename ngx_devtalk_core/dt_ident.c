#include <ngx_config.h>

#include <openssl/rand.h>

#include "dt_core.h"
#include "dt_header.h"
#include "dt_ident.h"


static ngx_table_elt_t *dt_ident_header(ngx_http_request_t *r,
    const char *name, size_t len);


/* Random at the worker's start, counted up from there. */

static uint64_t  dt_ident_prefix;
static uint64_t  dt_ident_next;


ngx_int_t
dt_ident_init_worker(ngx_cycle_t *cycle)
{
    if (RAND_bytes((u_char *) &dt_ident_prefix, 8) != 1
        || RAND_bytes((u_char *) &dt_ident_next, 8) != 1)
    {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "devtalk: no random bytes");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
dt_ident_take(dt_call_t *call)
{
    uint64_t          n;
    ngx_table_elt_t  *h;

    n = ++dt_ident_next;

    h = dt_ident_header(call->request, "x-request-id", 12);

    if (h && dt_request_id_valid(&h->value)) {
        call->id = dt_call_format(call, "%V", &h->value);

    } else {
        call->id = dt_call_format(call, "%016xL%016xL", dt_ident_prefix, n);
    }

    h = dt_ident_header(call->request, "traceparent", 11);

    if (h && dt_traceparent_valid(&h->value) == NGX_OK) {

        /* version, trace id, a span of our own, flags */

        call->traceparent = dt_call_format(call, "%*s%016xL%*s",
                                           (size_t) 36, h->value.data, n,
                                           (size_t) 3, h->value.data + 52);

    } else {
        call->traceparent = dt_call_format(call,
                                           "00-%016xL%016xL-%016xL-01",
                                           dt_ident_prefix, n, n);
    }

    return call->id.data && call->traceparent.data ? NGX_OK : NGX_ERROR;
}


static ngx_table_elt_t *
dt_ident_header(ngx_http_request_t *r, const char *name, size_t len)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_in.headers.part;

    for ( ;; ) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == len
                && ngx_strncmp(h[i].lowcase_key, name, len) == 0)
            {
                return &h[i];
            }
        }

        part = part->next;
        if (part == NULL) {
            return NULL;
        }
    }
}
