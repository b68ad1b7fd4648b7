/*
 * librdkafka's handles in a worker: how they are made, how they wake the
 * event loop, how they log, how they end.
 */

#include "dt_conf.h"
#include "dt_kafka.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/eventfd.h>


/* Lines that librdkafka may write, for each window. */
#define DT_KAFKA_LOG_LINES   10
#define DT_KAFKA_LOG_WINDOW  10000

/* At exit_process threads that still destroy handles are waited for so
 * long, all together. */
#define DT_KAFKA_EXIT        2


struct dt_kafka_watch_s {
    ngx_queue_t          link;          /* of dt_kafka.watches */
    ngx_connection_t    *connection;    /* of the eventfd */
    void               (*handler)(void *data);
    void                *data;
};


/* A handle on its way out, and the thread that waits for it. */
typedef struct {
    ngx_queue_t          link;          /* of dt_kafka.endings */
    rd_kafka_t          *handle;
    int                  flags;
    pthread_t            thread;
} dt_kafka_ending_t;


static void dt_kafka_wake(ngx_event_t *event);
static void dt_kafka_wake_dummy(ngx_event_t *event);
static ngx_int_t dt_kafka_configure(rd_kafka_conf_t *conf,
    const char *const *properties);
static void dt_kafka_log(const rd_kafka_t *handle, int level,
    const char *facility, const char *text);
static void *dt_kafka_end(void *data);
static void dt_kafka_join(const struct timespec *deadline);
static void dt_kafka_pin(void);


static struct {
    ngx_log_t     *log;
    ngx_queue_t    watches;
    ngx_queue_t    endings;
    ngx_msec_t     log_window;          /* when it began */
    ngx_uint_t     log_lines;
    ngx_uint_t     log_dropped;
} dt_kafka;


/* With "retries" and the timeouts that librdkafka has, away means: wait. */

static const char *const  dt_kafka_common[] = {
    "client.id",                        "devtalk",
    "log.queue",                        "true",
    "log.connection.close",             "false",
    "statistics.interval.ms",           "1000",
    "socket.keepalive.enable",          "true",
    "socket.nagle.disable",             "true",
    "reconnect.backoff.ms",             "100",
    "reconnect.backoff.max.ms",         "1000",
    NULL
};


ngx_int_t
dt_kafka_init_worker(ngx_cycle_t *cycle)
{
    dt_kafka.log = cycle->log;
    dt_kafka.log_window = ngx_current_msec;

    ngx_queue_init(&dt_kafka.watches);
    ngx_queue_init(&dt_kafka.endings);

    if (dt_main_conf()->kafka_brokers.len == 0) {
        return NGX_OK;
    }

    return dt_producer_open(cycle);
}


void
dt_kafka_exit_worker(ngx_cycle_t *cycle)
{
    ngx_queue_t      *q;
    struct timespec   deadline;

    dt_producer_close();

    if (clock_gettime(CLOCK_REALTIME, &deadline) == 0) {
        deadline.tv_sec += DT_KAFKA_EXIT;
        dt_kafka_join(&deadline);
    }

    if (!ngx_queue_empty(&dt_kafka.endings)) {
        dt_kafka_pin();
    }

    while (!ngx_queue_empty(&dt_kafka.watches)) {
        q = ngx_queue_head(&dt_kafka.watches);
        dt_kafka_unwatch(ngx_queue_data(q, dt_kafka_watch_t, link));
    }
}


dt_kafka_watch_t *
dt_kafka_watch(void (*handler)(void *data), void *data)
{
    ngx_fd_t           fd;
    ngx_connection_t  *c;
    dt_kafka_watch_t  *watch;

    watch = ngx_calloc(sizeof(dt_kafka_watch_t), dt_kafka.log);
    if (watch == NULL) {
        return NULL;
    }

    fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);
    if (fd == -1) {
        ngx_log_error(NGX_LOG_CRIT, dt_kafka.log, ngx_errno,
                      "eventfd() failed");
        ngx_free(watch);
        return NULL;
    }

    c = ngx_get_connection(fd, dt_kafka.log);
    if (c == NULL) {
        (void) close(fd);
        ngx_free(watch);
        return NULL;
    }

    c->data = watch;
    c->read->handler = dt_kafka_wake;
    c->read->log = dt_kafka.log;
    c->write->handler = dt_kafka_wake_dummy;
    c->write->log = dt_kafka.log;

    /* An idle connection hears of a graceful exit: nginx sets c->close and
     * calls the read handler. */

    c->idle = 1;

    watch->connection = c;
    watch->handler = handler;
    watch->data = data;
    ngx_queue_insert_tail(&dt_kafka.watches, &watch->link);

    if (ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
        dt_kafka_unwatch(watch);
        return NULL;
    }

    return watch;
}


void
dt_kafka_watch_add(dt_kafka_watch_t *watch, rd_kafka_queue_t *queue)
{
    static const uint64_t  one = 1;

    rd_kafka_queue_io_event_enable(queue, watch->connection->fd, &one,
                                   sizeof(one));

    /* Only what comes into an empty queue wakes: this is for what was in it
     * before. */

    if (write(watch->connection->fd, &one, sizeof(one)) == -1) {
        ngx_log_error(NGX_LOG_CRIT, dt_kafka.log, ngx_errno,
                      "write() to an eventfd failed");
    }
}


void
dt_kafka_watch_remove(rd_kafka_queue_t *queue)
{
    rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
}


void
dt_kafka_unwatch(dt_kafka_watch_t *watch)
{
    ngx_queue_remove(&watch->link);
    ngx_close_connection(watch->connection);
    ngx_free(watch);
}


static void
dt_kafka_wake(ngx_event_t *event)
{
    ssize_t            n;
    uint64_t           counter;
    ngx_connection_t  *c;
    dt_kafka_watch_t  *watch;

    c = event->data;
    watch = c->data;

    /* Read before the queues are emptied: what comes meanwhile wakes again.
     * Nothing to read is normal when a graceful exit begins. */

    n = read(c->fd, &counter, sizeof(counter));

    if (n == -1 && ngx_errno != NGX_EAGAIN && ngx_errno != NGX_EINTR) {
        ngx_log_error(NGX_LOG_CRIT, event->log, ngx_errno,
                      "read() of an eventfd failed");
    }

    watch->handler(watch->data);
}


static void
dt_kafka_wake_dummy(ngx_event_t *event)
{
    /* an eventfd is never written by the event loop */
}


rd_kafka_t *
dt_kafka_open(rd_kafka_type_t type, const dt_kafka_handle_t *init)
{
    char              error[256];
    rd_kafka_t       *handle;
    rd_kafka_conf_t  *conf;
    const char       *brokers[3];

    conf = rd_kafka_conf_new();
    if (conf == NULL) {
        return NULL;
    }

    brokers[0] = "bootstrap.servers";
    brokers[1] = (const char *) dt_main_conf()->kafka_brokers.data;
    brokers[2] = NULL;

    if (dt_kafka_configure(conf, brokers) != NGX_OK
        || dt_kafka_configure(conf, dt_kafka_common) != NGX_OK
        || dt_kafka_configure(conf, init->properties) != NGX_OK)
    {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }

    rd_kafka_conf_set_opaque(conf, init->data);
    rd_kafka_conf_set_log_cb(conf, dt_kafka_log);
    rd_kafka_conf_set_error_cb(conf, init->error);
    rd_kafka_conf_set_stats_cb(conf, init->stats);

    if (type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set_dr_msg_cb(conf, init->delivered);
    } else {
        rd_kafka_conf_set_rebalance_cb(conf, init->rebalance);
    }

    handle = rd_kafka_new(type, conf, error, sizeof(error));
    if (handle == NULL) {
        ngx_log_error(NGX_LOG_ERR, dt_kafka.log, 0, "kafka: %s", error);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }

    /* librdkafka's threads must not log: lines come through the queue. */

    (void) rd_kafka_set_log_queue(handle, NULL);

    return handle;
}


static ngx_int_t
dt_kafka_configure(rd_kafka_conf_t *conf, const char *const *properties)
{
    char        error[256];
    ngx_uint_t  i;

    for (i = 0; properties[i]; i += 2) {
        if (rd_kafka_conf_set(conf, properties[i], properties[i + 1],
                              error, sizeof(error))
            != RD_KAFKA_CONF_OK)
        {
            ngx_log_error(NGX_LOG_ERR, dt_kafka.log, 0, "kafka: %s", error);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
dt_kafka_log(const rd_kafka_t *handle, int level, const char *facility,
    const char *text)
{
    ngx_uint_t  ours;

    /* syslog's levels are nginx's but for their offset; an alert of nginx
     * is a defect of nginx, so nothing of librdkafka's is louder than
     * "error" */

    ours = ngx_max((ngx_uint_t) level + 1, NGX_LOG_ERR);

    /* what a leaving worker loses, its successor has taken over */

    if (ngx_exiting) {
        ours = ngx_max(ours, NGX_LOG_INFO);
    }

    if (ours >= NGX_LOG_INFO || dt_kafka_may_log()) {
        ngx_log_error(ours, dt_kafka.log, 0, "kafka %s: %s", facility, text);
    }
}


ngx_uint_t
dt_kafka_may_log(void)
{
    if (ngx_current_msec - dt_kafka.log_window >= DT_KAFKA_LOG_WINDOW) {

        if (dt_kafka.log_dropped) {
            ngx_log_error(NGX_LOG_NOTICE, dt_kafka.log, 0,
                          "kafka: %ui more lines were not logged",
                          dt_kafka.log_dropped);
        }

        dt_kafka.log_window = ngx_current_msec;
        dt_kafka.log_lines = 0;
        dt_kafka.log_dropped = 0;
    }

    if (dt_kafka.log_lines == DT_KAFKA_LOG_LINES) {
        dt_kafka.log_dropped++;
        return 0;
    }

    dt_kafka.log_lines++;

    return 1;
}


ngx_uint_t
dt_kafka_away(int error)
{
    switch (error) {

    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
        return 1;
    }

    return 0;
}


void
dt_kafka_close(rd_kafka_t *handle, int flags)
{
    int                 error;
    sigset_t            all, old;
    struct timespec     now;
    dt_kafka_ending_t  *ending;

    /* those that are done by now */

    ngx_memzero(&now, sizeof(struct timespec));
    dt_kafka_join(&now);

    ending = ngx_calloc(sizeof(dt_kafka_ending_t), dt_kafka.log);
    if (ending == NULL) {
        rd_kafka_destroy_flags(handle, flags);
        return;
    }

    ending->handle = handle;
    ending->flags = flags;

    /* nginx's signals are for the worker's own thread */

    sigfillset(&all);
    (void) pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&ending->thread, NULL, dt_kafka_end, ending);
    (void) pthread_sigmask(SIG_SETMASK, &old, NULL);

    if (error) {
        ngx_log_error(NGX_LOG_ERR, dt_kafka.log, error,
                      "pthread_create() failed");
        ngx_free(ending);
        rd_kafka_destroy_flags(handle, flags);
        return;
    }

    ngx_queue_insert_tail(&dt_kafka.endings, &ending->link);
}


static void *
dt_kafka_end(void *data)
{
    dt_kafka_ending_t  *ending = data;

    rd_kafka_destroy_flags(ending->handle, ending->flags);

    return NULL;
}


static void
dt_kafka_join(const struct timespec *deadline)
{
    ngx_queue_t        *q, *next;
    dt_kafka_ending_t  *ending;

    for (q = ngx_queue_head(&dt_kafka.endings);
         q != ngx_queue_sentinel(&dt_kafka.endings);
         q = next)
    {
        next = ngx_queue_next(q);
        ending = ngx_queue_data(q, dt_kafka_ending_t, link);

        if (pthread_timedjoin_np(ending->thread, NULL, deadline) == 0) {
            ngx_queue_remove(q);
            ngx_free(ending);
        }
    }
}


/* nginx unloads its modules before a worker exits; threads that are still
 * running must not lose their code. */

static void
dt_kafka_pin(void)
{
    Dl_info  info;

    ngx_log_error(NGX_LOG_WARN, dt_kafka.log, 0,
                  "kafka: a handle was not destroyed in time");

    if (dladdr((void *) dt_kafka_end, &info) != 0) {
        (void) dlopen(info.dli_fname, RTLD_NOW);
    }
}
