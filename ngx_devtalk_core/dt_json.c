/* JSON as others wrote it. */

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

#include "dt_json.h"


#define DT_JSON_POOL  4096


static void *dt_json_malloc(size_t size);
static void dt_json_mfree(void *p);
static ngx_uint_t dt_json_reads(void);


static struct {
    ngx_pool_t  *pool;         /* of the tree */
    pthread_t    thread;
    jmp_buf      out;
    unsigned     hooked:1;
    unsigned     reading:1;
} dt_json;


ngx_int_t
dt_json_load(const char *text, size_t len, size_t flags, json_t **root,
    json_error_t *error)
{
    if (!dt_json.hooked) {
        dt_json.thread = pthread_self();
        dt_json.hooked = 1;
        json_set_alloc_funcs(dt_json_malloc, dt_json_mfree);
    }

    dt_json.pool = ngx_create_pool(DT_JSON_POOL, ngx_cycle->log);
    if (dt_json.pool == NULL) {
        ngx_set_errno(NGX_ENOMEM);
        return NGX_ERROR;
    }

    if (setjmp(dt_json.out) != 0) {
        dt_json.reading = 0;
        dt_json_free();
        ngx_set_errno(NGX_ENOMEM);
        return NGX_ERROR;
    }

    dt_json.reading = 1;
    *root = json_loadb(text, len, flags, error);
    dt_json.reading = 0;

    if (*root == NULL) {
        dt_json_free();
        return NGX_DECLINED;
    }

    return NGX_OK;
}


void
dt_json_free(void)
{
    ngx_destroy_pool(dt_json.pool);
    dt_json.pool = NULL;
}


/* libjwt's needs are not ours, here and in other threads. */

static void *
dt_json_malloc(size_t size)
{
    void  *p;

    if (!dt_json_reads()) {
        return malloc(size);
    }

    p = ngx_palloc(dt_json.pool, size);
    if (p == NULL) {
        longjmp(dt_json.out, 1);
    }

    return p;
}


static void
dt_json_mfree(void *p)
{
    if (!dt_json_reads()) {
        free(p);
    }
}


static ngx_uint_t
dt_json_reads(void)
{
    return dt_json.reading && pthread_equal(pthread_self(), dt_json.thread);
}
