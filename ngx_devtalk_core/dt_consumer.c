/*
 * A service's consumer: a member of the group "devtalk-<service>".  It joins
 * when its worker starts, follows what the group assigns, and leaves when the
 * worker does, so that the group need not miss it first.
 */

#include "dt_conf.h"
#include "dt_consumer_parts.h"
#include "dt_metrics.h"


/* librdkafka must be polled even when nothing comes: it takes a silent
 * member for a dead one. */
#define DT_CONSUMER_TICK     1000

/* A leaving worker waits so long for effects in flight and the group. */
#define DT_CONSUMER_LEAVE    5000

/* At exit_process that is all that is left for it. */
#define DT_CONSUMER_EXIT     500


static ngx_int_t dt_consumer_open(ngx_cycle_t *cycle, dt_consumer_t *consumer);
static ngx_int_t dt_consumer_subscribe(dt_consumer_t *consumer);
static void dt_consumer_tick(ngx_event_t *event);
static void dt_consumer_serve(void *data);
static void dt_consumer_poll(dt_consumer_t *consumer);
static void dt_consumer_message(dt_consumer_t *consumer,
    rd_kafka_message_t *message);
static void dt_consumer_error(rd_kafka_t *handle, int error,
    const char *reason, void *data);
static void dt_consumer_stop(dt_consumer_t *consumer);
static void dt_consumer_leave(void *data);
static void dt_consumer_left(dt_consumer_t *consumer);


/* Of this worker. */

static ngx_queue_t  dt_consumers;


/* A dead member is missed after 6 seconds, the broker's minimum; topics that
 * are made while we run are found within 5. */

static const char *const  dt_consumer_properties[] = {
    "enable.auto.commit",                  "true",
    "auto.commit.interval.ms",             "1000",
    "enable.auto.offset.store",            "false",
    "auto.offset.reset",                   "earliest",
    "partition.assignment.strategy",       "cooperative-sticky",
    "session.timeout.ms",                  "6000",
    "heartbeat.interval.ms",               "1500",
    "topic.metadata.refresh.interval.ms",  "5000",
    "allow.auto.create.topics",            "false",
    "queued.min.messages",                 "1000",
    "queued.max.messages.kbytes",          "1024",
    NULL
};


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

    consumer->partitions.watch = dt_kafka_watch(dt_consumer_serve, consumer);
    if (consumer->partitions.watch == NULL) {
        return NGX_ERROR;
    }

    if (dt_consumer_open(cycle, consumer) != NGX_OK) {
        return NGX_ERROR;
    }

    consumer->tick.handler = dt_consumer_tick;
    consumer->tick.data = consumer;
    consumer->tick.log = cycle->log;
    consumer->tick.cancelable = 1;
    ngx_add_timer(&consumer->tick, DT_CONSUMER_TICK);

    ngx_queue_insert_tail(&dt_consumers, &consumer->link);

    return dt_consumer_subscribe(consumer);
}


static ngx_int_t
dt_consumer_open(ngx_cycle_t *cycle, dt_consumer_t *consumer)
{
    u_char             *group;
    const char        **properties;
    rd_kafka_t         *handle;
    rd_kafka_queue_t   *queue;
    dt_kafka_handle_t   init;

    group = ngx_pnalloc(cycle->pool, sizeof("devtalk-")
                        + ngx_strlen(consumer->partitions.service->name));
    properties = ngx_palloc(cycle->pool, sizeof(dt_consumer_properties)
                                         + 2 * sizeof(char *));
    if (group == NULL || properties == NULL) {
        return NGX_ERROR;
    }

    *ngx_sprintf(group, "devtalk-%s", consumer->partitions.service->name)
        = '\0';

    properties[0] = "group.id";
    properties[1] = (char *) group;
    ngx_memcpy(&properties[2], dt_consumer_properties,
               sizeof(dt_consumer_properties));

    ngx_memzero(&init, sizeof(dt_kafka_handle_t));
    init.properties = properties;
    init.error = dt_consumer_error;
    init.stats = dt_consumer_stats;
    init.rebalance = dt_consumer_rebalance;
    init.data = consumer;

    handle = dt_kafka_open(RD_KAFKA_CONSUMER, &init);
    if (handle == NULL) {
        return NGX_ERROR;
    }

    consumer->partitions.handle = handle;

    /* one queue for all but the partitions' events */

    (void) rd_kafka_poll_set_consumer(handle);

    queue = rd_kafka_queue_get_consumer(handle);
    dt_kafka_watch_add(consumer->partitions.watch, queue);
    rd_kafka_queue_destroy(queue);

    return NGX_OK;
}


static ngx_int_t
dt_consumer_subscribe(dt_consumer_t *consumer)
{
    rd_kafka_resp_err_t               error;
    const dt_subscription_t          *s;
    rd_kafka_topic_partition_list_t  *list;

    list = rd_kafka_topic_partition_list_new(4);
    if (list == NULL) {
        return NGX_ERROR;
    }

    for (s = consumer->partitions.service->subscriptions; s->topic; s++) {
        (void) rd_kafka_topic_partition_list_add(list, s->topic,
                                                 RD_KAFKA_PARTITION_UA);
    }

    error = rd_kafka_subscribe(consumer->partitions.handle, list);
    rd_kafka_topic_partition_list_destroy(list);

    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        ngx_log_error(NGX_LOG_ERR, consumer->partitions.log, 0,
                      "rd_kafka_subscribe() failed: %s",
                      rd_kafka_err2str(error));
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
dt_consumer_tick(ngx_event_t *event)
{
    dt_consumer_t *consumer = event->data;

    if (consumer->state == DT_CONSUMER_RUNNING) {
        ngx_add_timer(event, DT_CONSUMER_TICK);
        dt_consumer_serve(consumer);
        return;
    }

    /* The worker may go; exit_process cleans up. */

    ngx_log_error(NGX_LOG_WARN, consumer->partitions.log, 0,
                  "consumer of \"%s\" did not leave its group in time",
                  consumer->partitions.service->name);
}


static void
dt_consumer_serve(void *data)
{
    dt_consumer_t *consumer = data;

    switch (consumer->state) {

    case DT_CONSUMER_RUNNING:

        if (ngx_exiting) {
            dt_consumer_stop(consumer);
            return;
        }

        dt_consumer_poll(consumer);
        dt_partitions_serve(&consumer->partitions);
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

    topic = message->rkt ? rd_kafka_topic_name(message->rkt) : "";

    if (message->err) {
        if (dt_kafka_may_log()) {
            ngx_log_error(NGX_LOG_ERR, consumer->partitions.log, 0,
                          "kafka consumer of \"%s\", %s: %s",
                          consumer->partitions.service->name, topic,
                          rd_kafka_message_errstr(message));
        }

        return;
    }

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


static void
dt_consumer_error(rd_kafka_t *handle, int error, const char *reason,
    void *data)
{
    dt_consumer_t *consumer = data;

    if (dt_kafka_may_log()) {
        ngx_log_error(NGX_LOG_ERR, consumer->partitions.log, 0,
                      "kafka consumer of \"%s\": %s: %s",
                      consumer->partitions.service->name,
                      rd_kafka_err2str(error), reason);
    }
}


/* A graceful exit. */

static void
dt_consumer_stop(dt_consumer_t *consumer)
{
    consumer->state = DT_CONSUMER_STOPPING;

    consumer->tick.cancelable = 0;
    ngx_add_timer(&consumer->tick, DT_CONSUMER_LEAVE);

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

    consumer->state = DT_CONSUMER_LEAVING;

    queue = rd_kafka_queue_get_consumer(consumer->partitions.handle);
    dt_kafka_watch_remove(queue);
    rd_kafka_queue_destroy(queue);

    consumer->leaving = rd_kafka_queue_new(consumer->partitions.handle);
    dt_kafka_watch_add(consumer->partitions.watch, consumer->leaving);

    error = rd_kafka_consumer_close_queue(consumer->partitions.handle,
                                          consumer->leaving);
    if (error) {
        dt_consumer_log(consumer, "rd_kafka_consumer_close_queue", error);
        dt_consumer_left(consumer);
        return;
    }

    dt_consumer_serve(consumer);
}


static void
dt_consumer_left(dt_consumer_t *consumer)
{
    rd_kafka_t  *handle;

    consumer->state = DT_CONSUMER_GONE;

    if (consumer->tick.timer_set) {
        ngx_del_timer(&consumer->tick);
    }

    /* librdkafka waits for all that we hold of it */

    dt_partitions_free(&consumer->partitions);

    if (consumer->leaving) {
        dt_kafka_watch_remove(consumer->leaving);
        rd_kafka_queue_destroy(consumer->leaving);
        consumer->leaving = NULL;
    }

    handle = consumer->partitions.handle;
    consumer->partitions.handle = NULL;
    dt_kafka_close(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
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
