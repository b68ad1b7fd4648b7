/*
 * librdkafka inside the event loop: a producer in each worker for relays and
 * dead letters, and what the consumers' handles need.  Wakes by an eventfd
 * (rd_kafka_queue_io_event_enable), blocks nowhere.
 */

#ifndef _DT_KAFKA_H_INCLUDED_
#define _DT_KAFKA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <librdkafka/rdkafka.h>

#include "dt_event.h"


/* Called once from the event loop, never from inside dt_kafka_produce():
 * NGX_OK after all in-sync replicas have it, NGX_ERROR when it will never
 * arrive.  Not called any more once the worker leaves. */
typedef void (*dt_kafka_delivered_pt)(void *data, ngx_int_t result);

/*
 * Copies the event.  NGX_AGAIN: the queue is full or the producer is being
 * replaced, try again later; NGX_ERROR: refused, the reason is logged; the
 * callback is not called in both.  Events of one key that were accepted
 * arrive in their order.  An accepted event waits as long as Kafka is away.
 */
ngx_int_t dt_kafka_produce(const dt_event_t *event,
    dt_kafka_delivered_pt delivered, void *data);

/* As dt_kafka_produce(), with the original's key, value and headers, and
 * "dt_reason" and "dt_origin", to <topic>.dead. */
ngx_int_t dt_kafka_bury(const rd_kafka_message_t *message, const char *reason,
    dt_kafka_delivered_pt delivered, void *data);

/* 1 while a broker answers; at most a second old. */
ngx_uint_t dt_kafka_up(void);

/* Microseconds in which brokers answered this worker's last requests, on
 * average; 0: none yet. */
ngx_uint_t dt_kafka_latency(void);


/*
 * A watch calls "handler" in the event loop when something came into one of
 * its queues, and when the worker begins to leave (ngx_exiting is set then).
 * The handler must empty the queues.  NULL on failure.
 *
 * A queue must be taken away before the watch or the queue's handle dies.
 */
typedef struct dt_kafka_watch_s  dt_kafka_watch_t;

dt_kafka_watch_t *dt_kafka_watch(void (*handler)(void *data), void *data);
void dt_kafka_watch_add(dt_kafka_watch_t *watch, rd_kafka_queue_t *queue);
void dt_kafka_watch_remove(rd_kafka_queue_t *queue);
void dt_kafka_unwatch(dt_kafka_watch_t *watch);


/*
 * A handle with what all of ours have in common, and "properties" (name and
 * value in turn, NULL at the end); its callbacks get "data".  Its logs come
 * through its main queue.  NULL on failure, logged.
 */
typedef struct {
    const char *const  *properties;
    void              (*error)(rd_kafka_t *handle, int error,
                               const char *reason, void *data);
    int               (*stats)(rd_kafka_t *handle, char *json, size_t len,
                               void *data);
    void              (*delivered)(rd_kafka_t *handle,
                                   const rd_kafka_message_t *message,
                                   void *data);
    void              (*rebalance)(rd_kafka_t *handle,
                                   rd_kafka_resp_err_t error,
                                   rd_kafka_topic_partition_list_t *list,
                                   void *data);
    void               *data;
} dt_kafka_handle_t;

rd_kafka_t *dt_kafka_open(rd_kafka_type_t type,
    const dt_kafka_handle_t *init);

/* Destroys a handle in a thread of its own, as librdkafka waits there for
 * its threads. */
void dt_kafka_close(rd_kafka_t *handle, int flags);

/* 1 if a line about Kafka may be logged now: its being away must not flood
 * the log.  Says from time to time how many were dropped. */
ngx_uint_t dt_kafka_may_log(void);


/* 1 for the errors that only say that Kafka is away: librdkafka has logged
 * them already. */
ngx_uint_t dt_kafka_away(int error);


/* The producer: see dt_producer.c. */
ngx_int_t dt_producer_open(ngx_cycle_t *cycle);
void dt_producer_close(void);


/* For core's init_process and exit_process. */
ngx_int_t dt_kafka_init_worker(ngx_cycle_t *cycle);
void dt_kafka_exit_worker(ngx_cycle_t *cycle);


#endif /* _DT_KAFKA_H_INCLUDED_ */
