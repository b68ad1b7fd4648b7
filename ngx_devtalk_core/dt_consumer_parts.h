/*
 * A consumer from inside: dt_consumer.c has its life, dt_consumer_open.c its
 * handle, dt_consumer_group.c what the group tells it.
 */

#ifndef _DT_CONSUMER_PARTS_H_INCLUDED_
#define _DT_CONSUMER_PARTS_H_INCLUDED_


#include "dt_consumer.h"
#include "dt_partition.h"


/* librdkafka must be polled even when nothing comes: it takes a silent
 * member for a dead one. */
#define DT_CONSUMER_TICK     1000


typedef enum {
    DT_CONSUMER_RUNNING = 0,
    DT_CONSUMER_STOPPING,       /* effects are in flight */
    DT_CONSUMER_LEAVING,        /* offsets are being committed */
    DT_CONSUMER_WAITING,        /* broken, to be opened again */
    DT_CONSUMER_GONE
} dt_consumer_e;


typedef struct {
    ngx_queue_t         link;           /* of dt_consumers */
    dt_consumer_e       state;
    ngx_uint_t          service;        /* its place, for the gauges */
    dt_partitions_t     partitions;
    rd_kafka_queue_t   *leaving;        /* where the end is told */
    const char *const  *properties;
    ngx_event_t         tick;           /* while exiting: the deadline */
    unsigned            broken:1;       /* a fatal error of the handle */
    unsigned            exiting:1;
} dt_consumer_t;


/* Names the node, once; then opens a handle, as often as need be. */
ngx_int_t dt_consumer_configure(ngx_cycle_t *cycle, dt_consumer_t *consumer);
ngx_int_t dt_consumer_open(dt_consumer_t *consumer);

/* Callbacks of librdkafka, from inside its polls; "data" is the consumer. */
void dt_consumer_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t error,
    rd_kafka_topic_partition_list_t *list, void *data);
void dt_consumer_error(rd_kafka_t *handle, int error, const char *reason,
    void *data);
int dt_consumer_stats(rd_kafka_t *handle, char *json, size_t len,
    void *data);


#endif /* _DT_CONSUMER_PARTS_H_INCLUDED_ */
