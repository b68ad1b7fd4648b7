/*
 * Problem documents (RFC 9457): of a call that failed, and of what nginx
 * itself refused.
 */

#ifndef _DT_PROBLEM_H_INCLUDED_
#define _DT_PROBLEM_H_INCLUDED_


#include "dt_call.h"


/* Sends the problem document of call->error; returns what
 * ngx_http_finalize_request() takes. */
ngx_int_t dt_problem_reply(dt_call_t *call);

/* Handler of the directive devtalk_problem (context location, no arguments):
 * the location answers with the document of the status that brought a request
 * there by error_page. */
char *dt_problem_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


#endif /* _DT_PROBLEM_H_INCLUDED_ */
