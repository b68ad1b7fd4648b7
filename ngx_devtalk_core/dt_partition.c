/* Partitions: given, served, taken away. */

#include "dt_conf.h"
#include "dt_partition_parts.h"


static dt_partition_t *dt_partition_find(dt_partitions_t *all,
    const char *topic, int32_t number);
static void dt_partition_next(dt_partition_t *p);
static void dt_partition_free(dt_partition_t *p);


ngx_int_t
dt_partition_open(dt_partitions_t *all, const char *topic, int32_t number)
{
    dt_partition_t           *p;
    const dt_subscription_t  *s;

    for (s = all->service->subscriptions; s->topic; s++) {
        if (ngx_strcmp(s->topic, topic) == 0) {
            break;
        }
    }

    if (s->topic == NULL) {
        return NGX_DECLINED;
    }

    p = ngx_calloc(sizeof(dt_partition_t), all->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p->queue = rd_kafka_queue_get_partition(all->handle, topic, number);
    if (p->queue == NULL) {
        ngx_free(p);
        return NGX_ERROR;
    }

    p->all = all;
    p->subscription = s;
    p->number = number;

    /* An event that waits for PostgreSQL keeps no worker from leaving: it
     * comes again. */

    p->retry.handler = dt_partition_retry;
    p->retry.data = p;
    p->retry.log = all->log;
    p->retry.cancelable = 1;

    rd_kafka_queue_forward(p->queue, NULL);
    dt_kafka_watch_add(all->watch, p->queue);

    ngx_queue_insert_tail(&all->partitions, &p->link);

    return NGX_OK;
}


void
dt_partition_close(dt_partitions_t *all, const char *topic, int32_t number)
{
    dt_partition_t  *p;

    p = dt_partition_find(all, topic, number);
    if (p == NULL) {
        return;
    }

    dt_kafka_watch_remove(p->queue);
    rd_kafka_queue_destroy(p->queue);
    p->queue = NULL;

    if (!p->busy) {
        dt_partition_free(p);
    }
}


void
dt_partitions_serve(dt_partitions_t *all)
{
    ngx_queue_t     *q;
    dt_partition_t  *p;

    for (q = ngx_queue_head(&all->partitions);
         q != ngx_queue_sentinel(&all->partitions);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, dt_partition_t, link);

        if (p->message == NULL) {
            dt_partition_next(p);
        }
    }
}


void
dt_partitions_stop(dt_partitions_t *all)
{
    ngx_queue_t     *q;
    dt_partition_t  *p;

    all->closing = 1;

    for (q = ngx_queue_head(&all->partitions);
         q != ngx_queue_sentinel(&all->partitions);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, dt_partition_t, link);

        if (!p->busy) {
            dt_partition_drop(p);
        }
    }

    dt_partition_quiet(all);
}


void
dt_partitions_free(dt_partitions_t *all)
{
    ngx_queue_t     *q;
    dt_partition_t  *p;

    while (!ngx_queue_empty(&all->partitions)) {
        q = ngx_queue_head(&all->partitions);
        p = ngx_queue_data(q, dt_partition_t, link);

        if (p->queue) {
            dt_kafka_watch_remove(p->queue);
            rd_kafka_queue_destroy(p->queue);
        }

        dt_partition_free(p);
    }
}


ngx_uint_t
dt_partition_ours(dt_partitions_t *all, const char *topic, int32_t number)
{
    return dt_partition_find(all, topic, number) != NULL;
}


static dt_partition_t *
dt_partition_find(dt_partitions_t *all, const char *topic, int32_t number)
{
    ngx_queue_t     *q;
    dt_partition_t  *p;

    for (q = ngx_queue_head(&all->partitions);
         q != ngx_queue_sentinel(&all->partitions);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, dt_partition_t, link);

        if (p->queue && p->number == number
            && ngx_strcmp(p->subscription->topic, topic) == 0)
        {
            return p;
        }
    }

    return NULL;
}


static void
dt_partition_next(dt_partition_t *p)
{
    rd_kafka_message_t  *message;

    if (p->queue == NULL || p->all->closing) {
        return;
    }

    for ( ;; ) {
        message = rd_kafka_consume_queue(p->queue, 0);
        if (message == NULL) {
            return;
        }

        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            break;
        }

        if (dt_kafka_may_log()) {
            ngx_log_error(NGX_LOG_ERR, p->all->log, 0,
                          "kafka consumer, %s/%D: %s",
                          p->subscription->topic, p->number,
                          rd_kafka_message_errstr(message));
        }

        rd_kafka_message_destroy(message);
    }

    p->message = message;
    p->waits = 0;
    p->refused = 0;
    p->dead = 0;

    dt_partition_go(p);
}


/* What was in flight is back.  NGX_DECLINED: the partition is not ours any
 * more, and "p" is gone. */

ngx_int_t
dt_partition_landed(dt_partition_t *p)
{
    dt_partitions_t  *all;

    all = p->all;

    p->busy = 0;
    all->busy--;

    if (p->queue) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_INFO, all->log, 0,
                  "event %V of %s/%D ended after its partition had moved",
                  &p->id, p->subscription->topic, p->number);

    dt_partition_free(p);
    dt_partition_quiet(all);

    return NGX_DECLINED;
}


void
dt_partition_quiet(dt_partitions_t *all)
{
    if (all->closing && all->busy == 0) {
        all->quiet(all->data);
    }
}


/* The event has had its effect: the group may forget it. */

void
dt_partition_done(dt_partition_t *p)
{
    rd_kafka_resp_err_t  error;

    error = rd_kafka_offset_store(p->message->rkt, p->number,
                                  p->message->offset);

    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {

        /* It is being taken from us: the event comes once more, and the
         * inbox knows it. */

        ngx_log_error(NGX_LOG_INFO, p->all->log, 0,
                      "offset %L of %s/%D is not stored: %s",
                      p->message->offset, p->subscription->topic, p->number,
                      rd_kafka_err2str(error));
    }

    dt_partition_drop(p);
    dt_partition_next(p);
}


void
dt_partition_drop(dt_partition_t *p)
{
    if (p->retry.timer_set) {
        ngx_del_timer(&p->retry);
    }

    if (p->message) {
        rd_kafka_message_destroy(p->message);
        p->message = NULL;
    }

    if (p->pool) {
        ngx_destroy_pool(p->pool);
        p->pool = NULL;
    }

    ngx_str_null(&p->id);
}


static void
dt_partition_free(dt_partition_t *p)
{
    dt_partition_drop(p);
    ngx_queue_remove(&p->link);
    ngx_free(p);
}
