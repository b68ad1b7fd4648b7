/* A consumer's handle: how it is set, and what it follows. */

#include "dt_conf.h"
#include "dt_consumer_parts.h"


static uint32_t dt_consumer_node(ngx_cycle_t *cycle);
static ngx_int_t dt_consumer_subscribe(dt_consumer_t *consumer);


/* Not "cooperative-sticky": librdkafka 2.0 aborts when the group's leader ends,
 * or is fenced by the worker of a reload, between being told that it leads and
 * having assigned (t/fault/17-young-group.t).
 *
 * A node that is gone is missed after 6 seconds, the broker's minimum; topics
 * that are made while we run are found within 5. */

static const char *const  dt_consumer_properties[] = {
    "enable.auto.commit",                  "true",
    "auto.commit.interval.ms",             "1000",
    "enable.auto.offset.store",            "false",
    "auto.offset.reset",                   "earliest",
    "partition.assignment.strategy",       "range",
    "session.timeout.ms",                  "6000",
    "heartbeat.interval.ms",               "1500",
    "topic.metadata.refresh.interval.ms",  "5000",
    "allow.auto.create.topics",            "false",
    "queued.min.messages",                 "1000",
    "queued.max.messages.kbytes",          "1024",
    NULL
};


ngx_int_t
dt_consumer_configure(ngx_cycle_t *cycle, dt_consumer_t *consumer)
{
    u_char      *group, *name;
    const char **properties;

    group = ngx_pnalloc(cycle->pool, sizeof("devtalk-")
                        + ngx_strlen(consumer->partitions.service->name));
    name = ngx_pnalloc(cycle->pool, cycle->hostname.len + sizeof("-01234567"));
    properties = ngx_palloc(cycle->pool, sizeof(dt_consumer_properties)
                                         + 4 * sizeof(char *));

    if (group == NULL || name == NULL || properties == NULL) {
        return NGX_ERROR;
    }

    *ngx_sprintf(group, "devtalk-%s", consumer->partitions.service->name)
        = '\0';
    *ngx_sprintf(name, "%V-%08xD", &cycle->hostname, dt_consumer_node(cycle))
        = '\0';

    properties[0] = "group.id";
    properties[1] = (char *) group;
    properties[2] = "group.instance.id";
    properties[3] = (char *) name;
    ngx_memcpy(&properties[4], dt_consumer_properties,
               sizeof(dt_consumer_properties));

    consumer->properties = properties;

    return NGX_OK;
}


/* What tells this node from others on its host: two may neither have one pid
 * file nor listen on the same addresses. */

static uint32_t
dt_consumer_node(ngx_cycle_t *cycle)
{
    uint32_t          crc;
    ngx_uint_t        i;
    ngx_listening_t  *ls;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    ls = cycle->listening.elts;

    ngx_crc32_init(crc);
    ngx_crc32_update(&crc, ccf->pid.data, ccf->pid.len);

    for (i = 0; i < cycle->listening.nelts; i++) {
        ngx_crc32_update(&crc, ls[i].addr_text.data, ls[i].addr_text.len);
    }

    ngx_crc32_final(crc);

    return crc;
}


ngx_int_t
dt_consumer_open(dt_consumer_t *consumer)
{
    rd_kafka_t         *handle;
    rd_kafka_queue_t   *queue;
    dt_kafka_handle_t   init;

    ngx_memzero(&init, sizeof(dt_kafka_handle_t));
    init.properties = consumer->properties;
    init.error = dt_consumer_error;
    init.stats = dt_consumer_stats;
    init.rebalance = dt_consumer_rebalance;
    init.data = consumer;

    handle = dt_kafka_open(RD_KAFKA_CONSUMER, &init);
    if (handle == NULL) {
        return NGX_ERROR;
    }

    consumer->state = DT_CONSUMER_RUNNING;
    consumer->broken = 0;
    consumer->partitions.closing = 0;
    consumer->partitions.handle = handle;

    /* one queue for all but the partitions' events */

    (void) rd_kafka_poll_set_consumer(handle);

    queue = rd_kafka_queue_get_consumer(handle);
    dt_kafka_watch_add(consumer->partitions.watch, queue);
    rd_kafka_queue_destroy(queue);

    ngx_add_timer(&consumer->tick, DT_CONSUMER_TICK);

    return dt_consumer_subscribe(consumer);
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
        consumer->broken = 1;
        return NGX_ERROR;
    }

    return NGX_OK;
}
