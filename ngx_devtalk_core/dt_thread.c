/*
 * Tasks in threads.
 *
 * A task is memory of its own, owned by the thread while it is in flight and
 * by the call's pool afterwards.  The call does not wait for it: a client
 * that leaves ends its request as ever (ngx_http_terminate_request() would
 * keep a "blocked" one, for threads that work on the request's memory; ours
 * do not), and the pool's cleanup tells the task that nobody waits.
 */

#include "dt_call.h"
#include "dt_thread.h"


#define DT_THREAD_HOLD  60000


struct dt_thread_task_s {
    ngx_thread_task_t   task;        /* first: nginx's copy of the pointer */
    dt_call_t          *call;        /* NULL: gone */
    void              (*work)(void *data);
    void              (*release)(void *data);
    void               *data;
    size_t              size;
    ngx_atomic_t        gone;        /* set: nobody wants it any more */
    unsigned            flying:1;
};


static dt_thread_task_t *dt_thread_create(const void *data, size_t size);
static void dt_thread_work(void *ctx, ngx_log_t *log);
static void dt_thread_landed(ngx_event_t *ev);
static void dt_thread_forget(void *data);
static void dt_thread_destroy(dt_thread_task_t *t);
static void dt_thread_hold(ngx_log_t *log);
static void dt_thread_unhold(void);
static void dt_thread_held(ngx_event_t *ev);


/*
 * A worker that shuts down leaves as soon as it has no timer, whatever its
 * threads do (nginx before 1.25.4): this one runs while a task is in flight,
 * and is not cancelable.
 */

static ngx_event_t       dt_thread_timer;
static ngx_connection_t  dt_thread_dumb;
static ngx_uint_t        dt_thread_flying;


ngx_int_t
dt_thread_run(dt_call_t *call, ngx_thread_pool_t *pool,
    void (*work)(void *data), void (*release)(void *data), const void *data,
    size_t size)
{
    dt_thread_task_t  *t;

    t = dt_thread_create(data, size);
    if (t == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    t->call = call;
    t->work = work;
    t->release = release;

    if (dt_call_cleanup(call, dt_thread_forget, t) == NULL) {
        dt_thread_destroy(t);
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    if (ngx_thread_task_post(pool, &t->task) != NGX_OK) {
        return dt_fail(call, DT_UNAVAILABLE, NULL, NULL);
    }

    t->flying = 1;
    call->thread = t;
    dt_thread_hold(ngx_cycle->log);

    return DT_PARKED;
}


void *
dt_thread_result(dt_call_t *call)
{
    return call->thread->data;
}


/* One block: the task, and behind it the copy, aligned for anything. */

static dt_thread_task_t *
dt_thread_create(const void *data, size_t size)
{
    size_t             head;
    dt_thread_task_t  *t;

    head = ngx_align(sizeof(dt_thread_task_t), _Alignof(max_align_t));

    t = ngx_calloc(head + size, ngx_cycle->log);
    if (t == NULL) {
        return NULL;
    }

    t->data = (u_char *) t + head;
    t->size = size;
    ngx_memcpy(t->data, data, size);

    t->task.ctx = t;
    t->task.handler = dt_thread_work;
    t->task.event.data = t;
    t->task.event.handler = dt_thread_landed;
    t->task.event.log = ngx_cycle->log;

    return t;
}


/* In the thread. */

static void
dt_thread_work(void *ctx, ngx_log_t *log)
{
    dt_thread_task_t *t = ctx;

    if (!t->gone) {
        t->work(t->data);
    }
}


/* In the event loop again. */

static void
dt_thread_landed(ngx_event_t *ev)
{
    dt_thread_task_t *t = ev->data;

    t->flying = 0;
    dt_thread_unhold();

    if (t->call == NULL) {
        dt_thread_destroy(t);
        return;
    }

    dt_call_resume(t->call);
}


/* The call's end. */

static void
dt_thread_forget(void *data)
{
    dt_thread_task_t *t = data;

    if (t->flying) {
        t->call = NULL;
        t->gone = 1;
        return;
    }

    dt_thread_destroy(t);
}


static void
dt_thread_destroy(dt_thread_task_t *t)
{
    if (t->release) {
        t->release(t->data);
    }

    ngx_explicit_memzero(t->data, t->size);
    ngx_free(t);
}


static void
dt_thread_hold(ngx_log_t *log)
{
    if (dt_thread_flying++ > 0) {
        return;
    }

    dt_thread_dumb.fd = (ngx_socket_t) -1;
    dt_thread_timer.handler = dt_thread_held;
    dt_thread_timer.log = log;
    dt_thread_timer.data = &dt_thread_dumb;

    ngx_add_timer(&dt_thread_timer, DT_THREAD_HOLD);
}


static void
dt_thread_unhold(void)
{
    if (--dt_thread_flying == 0) {
        ngx_del_timer(&dt_thread_timer);
    }
}


/* A task of a minute is late, but it is in flight. */

static void
dt_thread_held(ngx_event_t *ev)
{
    ngx_add_timer(ev, DT_THREAD_HOLD);
}
