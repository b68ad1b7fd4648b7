/*
 * A service's consumer: a member of the group "devtalk-<service>".
 *
 * It is a static member (KIP-345), named after the node.  So the worker that
 * follows one that was killed or reloaded, and a worker that comes back to a
 * broker that was away, take its place at once; otherwise the group would
 * first wait for the former member to be missed.
 */

#include "dt_conf.h"
#include "dt_consumer_parts.h"
#include "dt_metrics.h"


/* A leaving worker waits so long for effects in flight and the group. */
#define DT_CONSUMER_LEAVE    5000

/* A consumer whose name another has taken waits so long before it takes it
 * back. */
#define DT_CONSUMER_REOPEN   10000

/* At exit_process that is all that is left for it. */
#define DT_CONSUMER_EXIT     500


static void dt_consumer_tick(ngx_event_t *event);
static void dt_consumer_serve(void *data);
static void dt_consumer_poll(dt_consumer_t *consumer);
static void dt_consumer_message(dt_consumer_t *consumer,
    rd_kafka_message_t *message);
static void dt_consumer_stop(dt_consumer_t *consumer);
static void dt_consumer_leave(void *data);
static void dt_consumer_left(dt_consumer_t *consumer);


/* Of this worker. */

static ngx_queue_t  dt_consumers;


ngx_int_t
dt_consumer_start(ngx_cycle_t *cycle, const dt_service_conf_t *service)
{
    dt_consumer_t  *consumer;

    if (dt_consumers.next == NULL) {
        ngx_queue_init(&dt_consumers);
    }

    consumer = ngx_pcalloc(cycle->pool, sizeof(dt_consumer_t));
    if (consumer == NULL) {
        return NGX_ERROR;
    }

    consumer->service = dt_service_index(service->service);

    consumer->partitions.service = service->service;
    consumer->partitions.log = cycle->log;
    consumer->partitions.quiet = dt_consumer_leave;
    consumer->partitions.data = consumer;
    ngx_queue_init(&consumer->partitions.partitions);

    consumer->tick.handler = dt_consumer_tick;
    consumer->tick.data = consumer;
    consumer->tick.log = cycle->log;
    consumer->tick.cancelable = 1;

    consumer->partitions.watch = dt_kafka_watch(dt_consumer_serve, consumer);

    if (consumer->partitions.watch == NULL
        || dt_consumer_configure(cycle, consumer) != NGX_OK
        || dt_consumer_open(consumer) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&dt_consumers, &consumer->link);

    return NGX_OK;
}


static void
dt_consumer_tick(ngx_event_t *event)
{
    dt_consumer_t *consumer = event->data;

    switch (consumer->state) {

    case DT_CONSUMER_RUNNING:
        ngx_add_timer(event, DT_CONSUMER_TICK);
        dt_consumer_serve(consumer);
        return;

    case DT_CONSUMER_WAITING:
        if (dt_consumer_open(consumer) != NGX_OK) {
            ngx_add_timer(event, DT_CONSUMER_REOPEN);
        }

        return;

    default:

        /* The worker may go; exit_process cleans up. */

        ngx_log_error(NGX_LOG_WARN, consumer->partitions.log, 0,
                      "consumer of \"%s\" did not leave its group in time",
                      consumer->partitions.service->name);
    }
}


static void
dt_consumer_serve(void *data)
{
    dt_consumer_t *consumer = data;

    if (ngx_exiting && !consumer->exiting) {
        consumer->exiting = 1;
        dt_consumer_stop(consumer);
        return;
    }

    switch (consumer->state) {

    case DT_CONSUMER_RUNNING:
        dt_consumer_poll(consumer);

        if (consumer->broken) {
            dt_consumer_stop(consumer);
        } else {
            dt_partitions_serve(&consumer->partitions);
        }

        return;

    case DT_CONSUMER_STOPPING:
        dt_consumer_poll(consumer);
        return;

    case DT_CONSUMER_LEAVING:
        (void) rd_kafka_queue_poll_callback(consumer->leaving, 0);

        if (rd_kafka_consumer_closed(consumer->partitions.handle)) {
            dt_consumer_left(consumer);
        }

        return;

    case DT_CONSUMER_WAITING:
    case DT_CONSUMER_GONE:
        return;
    }
}


static void
dt_consumer_poll(dt_consumer_t *consumer)
{
    rd_kafka_message_t  *message;

    for ( ;; ) {
        message = rd_kafka_consumer_poll(consumer->partitions.handle, 0);
        if (message == NULL) {
            return;
        }

        dt_consumer_message(consumer, message);
        rd_kafka_message_destroy(message);
    }
}


static void
dt_consumer_message(dt_consumer_t *consumer, rd_kafka_message_t *message)
{
    const char           *topic;
    rd_kafka_resp_err_t   error;

    if (message->err) {
        dt_consumer_error(consumer->partitions.handle, message->err,
                          rd_kafka_message_errstr(message), consumer);
        return;
    }

    topic = rd_kafka_topic_name(message->rkt);

    /* An event that did not come through its partition's queue must not be
     * lost, and not be taken out of turn: it comes again. */

    if (!dt_partition_ours(&consumer->partitions, topic, message->partition))
    {
        return;
    }

    error = rd_kafka_seek(message->rkt, message->partition, message->offset,
                          0);

    ngx_log_error(NGX_LOG_ERR, consumer->partitions.log, 0,
                  "event %s/%D/%L came astray, seek: %s", topic,
                  message->partition, message->offset,
                  rd_kafka_err2str(error));
}


void
dt_consumer_error(rd_kafka_t *handle, int error, const char *reason,
    void *data)
{
    ngx_uint_t      level;
    dt_consumer_t  *consumer = data;

    /* In a reload the new worker takes the name over, and this is fenced. */

    if (error == RD_KAFKA_RESP_ERR__FATAL) {
        consumer->broken = 1;
        level = ngx_exiting ? NGX_LOG_INFO : NGX_LOG_WARN;
        ngx_log_error(level, consumer->partitions.log, 0,
                      "consumer of \"%s\" ends: %s",
                      consumer->partitions.service->name, reason);
        return;
    }

    if (!dt_kafka_away(error) && dt_kafka_may_log()) {
        ngx_log_error(NGX_LOG_ERR, consumer->partitions.log, 0,
                      "consumer of \"%s\": %s",
                      consumer->partitions.service->name, reason);
    }
}


/* A graceful exit, or a handle that must be replaced. */

static void
dt_consumer_stop(dt_consumer_t *consumer)
{
    if (consumer->tick.timer_set) {
        ngx_del_timer(&consumer->tick);
    }

    if (consumer->exiting && consumer->partitions.handle) {
        consumer->tick.cancelable = 0;
        ngx_add_timer(&consumer->tick, DT_CONSUMER_LEAVE);
    }

    if (consumer->state != DT_CONSUMER_RUNNING) {
        return;
    }

    consumer->state = DT_CONSUMER_STOPPING;
    dt_gauge(DT_G_CONSUMER_LAG, consumer->service, 0);

    dt_partitions_stop(&consumer->partitions);
}


/* No effect is in flight any more. */

static void
dt_consumer_leave(void *data)
{
    rd_kafka_queue_t  *queue;
    rd_kafka_error_t  *error;
    dt_consumer_t     *consumer = data;

    if (consumer->state != DT_CONSUMER_STOPPING) {
        return;
    }

    if (consumer->broken) {
        dt_consumer_left(consumer);
        return;
    }

    consumer->state = DT_CONSUMER_LEAVING;

    queue = rd_kafka_queue_get_consumer(consumer->partitions.handle);
    dt_kafka_watch_remove(queue);
    rd_kafka_queue_destroy(queue);

    consumer->leaving = rd_kafka_queue_new(consumer->partitions.handle);
    dt_kafka_watch_add(consumer->partitions.watch, consumer->leaving);

    error = rd_kafka_consumer_close_queue(consumer->partitions.handle,
                                          consumer->leaving);
    if (error) {
        ngx_log_error(NGX_LOG_ERR, consumer->partitions.log, 0,
                      "the consumer of \"%s\" is not closed: %s",
                      consumer->partitions.service->name,
                      rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        dt_consumer_left(consumer);
        return;
    }

    dt_consumer_serve(consumer);
}


static void
dt_consumer_left(dt_consumer_t *consumer)
{
    rd_kafka_t        *handle;
    rd_kafka_queue_t  *queue;

    handle = consumer->partitions.handle;

    if (consumer->tick.timer_set) {
        ngx_del_timer(&consumer->tick);
    }

    /* librdkafka waits for all that we hold of it */

    dt_partitions_free(&consumer->partitions);

    queue = consumer->leaving ? consumer->leaving
                              : rd_kafka_queue_get_consumer(handle);
    dt_kafka_watch_remove(queue);
    rd_kafka_queue_destroy(queue);

    dt_kafka_close(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);

    consumer->leaving = NULL;
    consumer->partitions.handle = NULL;
    consumer->state = DT_CONSUMER_GONE;

    if (consumer->broken && !consumer->exiting) {
        consumer->state = DT_CONSUMER_WAITING;
        ngx_add_timer(&consumer->tick, DT_CONSUMER_REOPEN);
    }
}


void
dt_consumer_exit_worker(ngx_cycle_t *cycle)
{
    int             left;
    ngx_queue_t    *q;
    dt_consumer_t  *consumer;

    if (dt_consumers.next == NULL) {
        return;
    }

    /* Nothing calls back any more: effects in flight are forgotten, and
     * come again. */

    for (q = ngx_queue_head(&dt_consumers);
         q != ngx_queue_sentinel(&dt_consumers);
         q = ngx_queue_next(q))
    {
        consumer = ngx_queue_data(q, dt_consumer_t, link);

        consumer->exiting = 1;

        if (consumer->state < DT_CONSUMER_LEAVING) {
            consumer->state = DT_CONSUMER_STOPPING;
            dt_partitions_free(&consumer->partitions);
            dt_consumer_leave(consumer);
        }
    }

    left = DT_CONSUMER_EXIT;

    for (q = ngx_queue_head(&dt_consumers);
         q != ngx_queue_sentinel(&dt_consumers);
         q = ngx_queue_next(q))
    {
        consumer = ngx_queue_data(q, dt_consumer_t, link);

        while (consumer->state == DT_CONSUMER_LEAVING && left > 0) {
            (void) rd_kafka_queue_poll_callback(consumer->leaving, 10);
            left -= 10;
            dt_consumer_serve(consumer);
        }

        if (consumer->state == DT_CONSUMER_LEAVING) {
            dt_consumer_left(consumer);
        }
    }
}
