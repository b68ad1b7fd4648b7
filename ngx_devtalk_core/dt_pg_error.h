/*
 * What PostgreSQL's refusals mean to a caller, and how they look in the log.
 * Pure.
 */

#ifndef _DT_PG_ERROR_H_INCLUDED_
#define _DT_PG_ERROR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <libpq-fe.h>

#include "dt_error.h"


/* The error of a SQLSTATE, as the table in dt_pg.h has it.  NULL or "" is a
 * failure that the server did not name: DT_UNAVAILABLE. */
dt_error_e dt_pg_error_by_state(const char *state);

/* 1 for a refusal that a new connection mends, nothing having been done: the
 * tables have changed (0A000), the server does not know the statement
 * (26000), or it takes no writes any more (25006). */
ngx_uint_t dt_pg_error_outdated(const char *state);

/*
 * One line for the log: control characters become blanks, those at the end
 * go, the rest is cut at "size".  Fills "line" and returns the length; there
 * is no NUL.
 */
size_t dt_pg_error_line(u_char *line, size_t size, const char *text);

/*
 * The same for a refusal: the server's primary message.  Its detail stays
 * out, and so does what a message about bad data quotes: both repeat what a
 * user has typed.
 */
size_t dt_pg_error_text(u_char *line, size_t size, const PGresult *result);


#endif /* _DT_PG_ERROR_H_INCLUDED_ */
