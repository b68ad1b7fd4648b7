/*
 * JSON as others wrote it, read by jansson in memory that can run out.
 *
 * jansson 2.14 does not look whether its text buffer grew: without memory a
 * string would lack bytes, or its end.  So it reads in a pool of its own, and
 * is left where it stands when that gets no more.
 */

#ifndef _DT_JSON_H_INCLUDED_
#define _DT_JSON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <jansson.h>


/*
 * json_loadb(), for the worker's own thread.  NGX_OK: the tree is to be read
 * only, never json_decref()ed, and gone with dt_json_free(); there is one at
 * a time.  NGX_DECLINED: "error" says why.  NGX_ERROR: no memory, and errno
 * is ENOMEM.
 */
ngx_int_t dt_json_load(const char *text, size_t len, size_t flags,
    json_t **root, json_error_t *error);

void dt_json_free(void);


#endif /* _DT_JSON_H_INCLUDED_ */
