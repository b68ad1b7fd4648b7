/*
 * What the gateway's configuration can know of a call:
 *
 *     $devtalk_request_id     X-Request-Id, the client's or a new one
 *     $devtalk_traceparent    W3C Trace Context
 *     $devtalk_route          "GET /api/articles/{slug}"; empty: none
 *     $devtalk_path           the path as it was asked for, without its query
 *                             string, as plain ASCII
 *     $devtalk_user           name of who signed in; empty: nobody
 *     $devtalk_pg_ms          milliseconds spent waiting for PostgreSQL
 *     $devtalk_limit_read     keys for limit_req: the user's id or the
 *     $devtalk_limit_write    client's address; empty (not limited) when
 *     $devtalk_limit_login    the route is of another class
 */

#ifndef _DT_VARIABLES_H_INCLUDED_
#define _DT_VARIABLES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t dt_variables_add(ngx_conf_t *cf);


#endif /* _DT_VARIABLES_H_INCLUDED_ */
