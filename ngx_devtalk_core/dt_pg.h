/*
 * PostgreSQL: a pool of pipelined connections in each worker, for each
 * service.  Many units are in flight on one connection; a unit is one
 * prepared statement and its Sync.
 *
 * Every unit that was accepted ends in exactly one call of its "done",
 * unless it was forgotten before.  "done" is called from the event loop,
 * never from inside dt_pg_submit().
 */

#ifndef _DT_PG_H_INCLUDED_
#define _DT_PG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <libpq-fe.h>

#include "dt_error.h"
#include "dt_sql.h"


typedef struct dt_pg_pool_s  dt_pg_pool_t;
typedef struct dt_pg_unit_s  dt_pg_unit_t;


/*
 * "result" belongs to the pool and dies when "done" returns, unless "done"
 * takes it by dt_pg_keep().  It is NULL when "error" is not DT_NO_ERROR and
 * the server never answered; it holds the SQLSTATE when the server refused.
 *
 *     DT_NO_ERROR     PGRES_TUPLES_OK or PGRES_COMMAND_OK, and committed
 *     DT_CONFLICT     23505; dt_pg_constraint() names the constraint
 *     DT_INVALID      22*** or another 23***: the data was refused
 *     DT_UNAVAILABLE  away, waited too long, queue full, timeouts of the
 *                     server (57014, 55P03, 40001, 40P01, 53***, 57P0*, 25006)
 *     DT_INTERNAL     anything else: a defect of ours
 *
 * The pool has logged the server's text with the request id already.
 */
typedef void (*dt_pg_done_pt)(void *data, dt_error_e error,
    PGresult *result);


typedef struct {
    ngx_str_t     name;          /* of the service: logs and metrics */
    ngx_str_t     conninfo;      /* libpq's; hostaddr or a socket folder,
                                    or several of them; NUL-terminated; may
                                    hold the password */
    ngx_uint_t    connections;   /* of the fast lane */
    ngx_uint_t    slow;          /* connections of the slow lane; 0: the
                                    fast lane serves slow statements too */
    ngx_uint_t    queue;         /* units that may wait, for each lane */
    ngx_uint_t    depth;         /* units in flight on one connection */
    ngx_msec_t    wait;          /* a unit waits so long for its turn, or
                                    for a server that says nothing at all */
    ngx_msec_t    timeout;       /* statement_timeout of the server; a unit
                                    unanswered for 2 * timeout closes the
                                    connection: the server is frozen */
} dt_pg_conf_t;


typedef struct {
    const dt_pg_conf_t      *conf;
    const dt_sql_t *const   *statements;     /* NULL at the end; prepared on
                                                each connection */
    const char              *listen;         /* a channel to LISTEN on, or
                                                NULL */
    const dt_sql_t          *ping;           /* one of them: asks a silent
                                                server whether it is there;
                                                NULL: it is not asked */
    void                   (*on_ready)(void *data);    /* a connection can
                                                be used; or NULL */
    void                   (*on_lost)(void *data);     /* a connection that
                                                was ready is gone; or NULL */
    void                   (*on_notify)(void *data);   /* or NULL */
    void                   (*on_write)(void *data);    /* a unit that is
                                                not DT_SQL_READ committed;
                                                or NULL */
    void                    *data;           /* of the four above */
} dt_pg_pool_init_t;


/*
 * For init_process of a worker: allocates the pool in cycle->pool and starts
 * to connect; never blocks, never fails because the server is away (it tries
 * again with jittered backoff, 50 ms to 2 s, one connect at a time).
 * NULL only when memory is short.
 */
dt_pg_pool_t *dt_pg_pool_create(ngx_cycle_t *cycle,
    const dt_pg_pool_init_t *init);

/*
 * Sends a statement or lets it wait for a free place.  "values" has
 * sql->nparams C strings in text format, NULL for SQL NULL; the array is
 * copied, the strings are NOT: they must live until "done" or dt_pg_forget().
 * "tag" (may be NULL) is the request id, for the log; it lives as long.
 *
 * NULL when the queue is full or memory is short: "done" is not called.
 */
dt_pg_unit_t *dt_pg_submit(dt_pg_pool_t *pool, const dt_sql_t *sql,
    const char *const *values, const ngx_str_t *tag, dt_pg_done_pt done,
    void *data);

/*
 * The caller is going away.  A unit not sent yet is removed; one in flight
 * drains, and its "done" is never called.  "unit" is invalid afterwards.
 */
void dt_pg_forget(dt_pg_unit_t *unit);

/*
 * The same for a caller that goes away while something of its unit's outcome
 * still matters: a write that was sent is answered to "done", with data NULL,
 * instead of the old one.  "unit" is invalid afterwards.
 */
void dt_pg_orphan(dt_pg_unit_t *unit, dt_pg_done_pt done);

/*
 * Called in "done" only: the result now belongs to "pool" and is cleared
 * with it.  NULL when memory is short (the result is cleared then).
 */
PGresult *dt_pg_keep(ngx_pool_t *pool, PGresult *result);

/* The column of that very name; -1 if there is none.  PQfnumber() folds the
 * name's case first, which takes it memory. */
int dt_pg_column(const PGresult *result, const char *name);

/* The constraint a result was refused by; "" if none. */
const char *dt_pg_constraint(const PGresult *result);

/* PostgreSQL array literal '{"a","b"}' of NUL-free texts, NUL-terminated, in
 * "pool"; NULL when memory is short. */
char *dt_pg_array(ngx_pool_t *pool, const ngx_str_t *items, ngx_uint_t n);


typedef struct {
    ngx_uint_t  connections;   /* configured, both lanes */
    ngx_uint_t  ready;         /* of them usable now */
    ngx_uint_t  in_flight;
    ngx_uint_t  waiting;
    ngx_uint_t  lost;          /* connections lost since the start */
    ngx_uint_t  refused;       /* units refused or expired in the queue */
} dt_pg_stat_t;

void dt_pg_stat(const dt_pg_pool_t *pool, dt_pg_stat_t *stat);


#endif /* _DT_PG_H_INCLUDED_ */
