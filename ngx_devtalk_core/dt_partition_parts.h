/*
 * A partition from inside: dt_partition.c has its life and its queue,
 * dt_partition_event.c the event in hand.
 */

#ifndef _DT_PARTITION_PARTS_H_INCLUDED_
#define _DT_PARTITION_PARTS_H_INCLUDED_


#include "dt_partition.h"


#define DT_PARTITION_REASON     256

/* $1 event id, $2 type, $3 key, $4 time, $5 data */
#define DT_PARTITION_VALUES     5


typedef struct {
    ngx_queue_t                link;      /* of all->partitions */
    dt_partitions_t           *all;
    const dt_subscription_t   *subscription;
    int32_t                    number;
    rd_kafka_queue_t          *queue;     /* NULL: it was taken from us */

    /* the event in hand, if "message" is set */

    rd_kafka_message_t        *message;
    ngx_pool_t                *pool;
    ngx_str_t                  id;
    const char                *values[DT_PARTITION_VALUES];
    ngx_event_t                retry;
    ngx_uint_t                 waits;     /* in a row */
    ngx_uint_t                 refused;
    char                       reason[DT_PARTITION_REASON];

    unsigned                   busy:1;    /* an effect or burial is out */
    unsigned                   dead:1;    /* to be buried */
} dt_partition_t;


/* Applies or buries the event in hand, again if it was tried before. */
void dt_partition_go(dt_partition_t *p);
void dt_partition_retry(ngx_event_t *event);

/* What was in flight is back.  NGX_DECLINED: the partition is not ours any
 * more, and "p" is gone. */
ngx_int_t dt_partition_landed(dt_partition_t *p);

/* Tells if that was what a stop waited for; the last thing to call. */
void dt_partition_quiet(dt_partitions_t *all);

/* The event in hand has had its effect or is buried. */
void dt_partition_done(dt_partition_t *p);

/* Lets go of the event in hand: it comes again. */
void dt_partition_drop(dt_partition_t *p);


#endif /* _DT_PARTITION_PARTS_H_INCLUDED_ */
