/*
 * Work that would hold up a worker (hashing, rendering) in nginx's thread
 * pools.
 */

#ifndef _DT_THREAD_H_INCLUDED_
#define _DT_THREAD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_route.h"


/*
 * Runs "work" on its own copy of "size" bytes of "data" in a thread of the
 * pool (nginx's thread_pool directive of that name), and parks the call: use
 * it as "return dt_thread_run(...)".  The next step reads the copy, with
 * what "work" left in it, through dt_thread_result(); it is wiped and freed
 * with the call, by "release" first if that is not NULL (for what "work" has
 * malloc()ed).  A call that vanished meanwhile does not matter: the copy is
 * then wiped and freed when the thread is done.
 *
 * "work" may touch nothing but its copy and memory that never changes.
 * A full queue fails the call with DT_UNAVAILABLE.
 */
ngx_int_t dt_thread_run(dt_call_t *call, ngx_thread_pool_t *pool,
    void (*work)(void *data), void (*release)(void *data),
    const void *data, size_t size);

void *dt_thread_result(dt_call_t *call);


#endif /* _DT_THREAD_H_INCLUDED_ */
