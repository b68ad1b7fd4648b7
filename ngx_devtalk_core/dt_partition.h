/*
 * A partition that a consumer was given: its events, one after the other,
 * each until its effect has committed or it is buried.  The events behind it
 * stay in librdkafka's queue of the partition, which is bounded.
 */

#ifndef _DT_PARTITION_H_INCLUDED_
#define _DT_PARTITION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "dt_kafka.h"
#include "dt_service.h"


/* What the partitions of one consumer share. */
typedef struct {
    rd_kafka_t           *handle;
    dt_kafka_watch_t     *watch;
    const dt_service_t   *service;
    ngx_log_t            *log;
    ngx_queue_t           partitions;   /* also those taken from us that
                                           still have an effect in flight */
    ngx_uint_t            busy;         /* effects and burials in flight */
    unsigned              closing:1;    /* take no more events */
    void                (*quiet)(void *data);   /* closing, and busy is 0 */
    void                 *data;
} dt_partitions_t;


/* It was assigned to us.  To be called before rd_kafka_assign():
 * its events must not get into the consumer's common queue. */
ngx_int_t dt_partition_open(dt_partitions_t *all, const char *topic,
    int32_t number);

/* It was taken from us.  An effect in flight runs to its end, for it may
 * have committed, but its offset is not stored: it is someone else's now. */
void dt_partition_close(dt_partitions_t *all, const char *topic,
    int32_t number);

/* Takes the next event of each partition that has none in hand. */
void dt_partitions_serve(dt_partitions_t *all);

/* Takes no more events; calls quiet() when no effect is in flight, at once
 * if there is none. */
void dt_partitions_stop(dt_partitions_t *all);

/* Frees all, whatever is in flight: nothing must call back any more. */
void dt_partitions_free(dt_partitions_t *all);

/* 1 if it is ours. */
ngx_uint_t dt_partition_ours(dt_partitions_t *all, const char *topic,
    int32_t number);


#endif /* _DT_PARTITION_H_INCLUDED_ */
