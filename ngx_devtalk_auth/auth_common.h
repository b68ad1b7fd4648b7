/*
 * The passwords that everybody uses, in lower case and in the order of their
 * bytes: made by tools/passwords2c.sh.
 */

#ifndef _AUTH_COMMON_H_INCLUDED_
#define _AUTH_COMMON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#pragma GCC visibility push(hidden)
extern const char *const  auth_common_passwords[];
extern const ngx_uint_t   auth_common_passwords_n;
#pragma GCC visibility pop


#endif /* _AUTH_COMMON_H_INCLUDED_ */
