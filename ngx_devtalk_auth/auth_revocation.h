/*
 * Sessions that have ended, told to every worker of every node.
 *
 * Redis tells it at once (auth_announce.h).  PostgreSQL is what cannot be
 * lost: each worker reads from it what has ended, when it starts, when its
 * subscription stands (again), twice a second while it does not, and every
 * two seconds besides.
 * Until the first reading is back, some milliseconds after a worker's start,
 * its calls with a token wait (dt_token_know_ended()).
 */

#ifndef _AUTH_REVOCATION_H_INCLUDED_
#define _AUTH_REVOCATION_H_INCLUDED_


#include "auth.h"


/*
 * "return auth_revocation_tell(call, &ended, &until);" at the end of a step:
 * ends the sessions "<id> <id> ...", whose tokens are good until "until"
 * (seconds as text), in this worker, tells all others, and parks until they
 * have heard.  DT_NEXT at once if there are none, or Redis is away.
 */
ngx_int_t auth_revocation_tell(dt_call_t *call, const ngx_str_t *ended,
    const ngx_str_t *until);

/* A step: the same for columns "ended" and "until" of the last statement. */
ngx_int_t auth_revocation_ended(dt_call_t *call);

ngx_int_t auth_revocation_init_worker(ngx_cycle_t *cycle);


#endif /* _AUTH_REVOCATION_H_INCLUDED_ */
