/*
 * A word to every worker of every node, by Redis: the call that says it waits
 * until all have heard.
 *
 * Redis tells how many it gave the word to, and each of them answers on a
 * channel of the worker that asked.  Who is frozen is not waited for longer
 * than AUTH_ANNOUNCE_WAIT; who is not connected must learn it another way.
 */

#ifndef _AUTH_ANNOUNCE_H_INCLUDED_
#define _AUTH_ANNOUNCE_H_INCLUDED_


#include "auth.h"


#define AUTH_ANNOUNCE_WAIT  500      /* ms */


/*
 * In init_process, with Redis configured.  "heard" gets each word, this
 * worker's own as well; "state" gets 1 when the worker can hear and 0 when it
 * no longer does.
 */
ngx_int_t auth_announce_init_worker(ngx_cycle_t *cycle,
    void (*heard)(const u_char *p, const u_char *last),
    void (*state)(ngx_uint_t up));

/*
 * "return auth_announce(call, &word);" at the end of a step: parks until
 * every worker has heard "word", which is copied.  DT_NEXT at once if Redis
 * is away.
 */
ngx_int_t auth_announce(dt_call_t *call, const ngx_str_t *word);


#endif /* _AUTH_ANNOUNCE_H_INCLUDED_ */
