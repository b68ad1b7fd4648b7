/* A consumer and its group: partitions come and go; how far it is behind. */

#include "dt_consumer_parts.h"
#include "dt_json.h"
#include "dt_metrics.h"


static void dt_consumer_assign(dt_consumer_t *consumer,
    rd_kafka_topic_partition_list_t *list);
static void dt_consumer_revoke(dt_consumer_t *consumer,
    rd_kafka_topic_partition_list_t *list);
static void dt_consumer_set(dt_consumer_t *consumer,
    const rd_kafka_topic_partition_list_t *list);
static int64_t dt_consumer_lag(dt_consumer_t *consumer, json_t *topics);


void
dt_consumer_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t error,
    rd_kafka_topic_partition_list_t *list, void *data)
{
    dt_consumer_t *consumer = data;

    if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        dt_consumer_assign(consumer, list);

    } else {
        dt_consumer_revoke(consumer, list);
    }

    ngx_log_error(NGX_LOG_INFO, consumer->partitions.log, 0,
                  "consumer of \"%s\": %d partitions %s",
                  consumer->partitions.service->name, list->cnt,
                  error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
                  ? "more" : "less");
}


static void
dt_consumer_assign(dt_consumer_t *consumer,
    rd_kafka_topic_partition_list_t *list)
{
    int  i;

    for (i = 0; i < list->cnt; i++) {
        if (dt_partition_open(&consumer->partitions, list->elems[i].topic,
                              list->elems[i].partition)
            != NGX_OK)
        {
            ngx_log_error(NGX_LOG_CRIT, consumer->partitions.log, 0,
                          "%s/%D cannot be consumed: no memory",
                          list->elems[i].topic, list->elems[i].partition);
        }
    }

    dt_consumer_set(consumer, list);
}


static void
dt_consumer_revoke(dt_consumer_t *consumer,
    rd_kafka_topic_partition_list_t *list)
{
    int  i;

    for (i = 0; i < list->cnt; i++) {
        dt_partition_close(&consumer->partitions, list->elems[i].topic,
                           list->elems[i].partition);
    }

    dt_consumer_set(consumer, NULL);
}


static void
dt_consumer_set(dt_consumer_t *consumer,
    const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t  error;

    error = rd_kafka_assign(consumer->partitions.handle, list);

    if (error) {
        ngx_log_error(NGX_LOG_ERR, consumer->partitions.log, 0,
                      "rd_kafka_assign() failed: %s", rd_kafka_err2str(error));
    }
}


int
dt_consumer_stats(rd_kafka_t *handle, char *json, size_t len, void *data)
{
    json_t         *stats;
    json_error_t    error;
    dt_consumer_t  *consumer = data;

    if (dt_json_load(json, len, 0, &stats, &error) == NGX_OK) {
        dt_gauge(DT_G_CONSUMER_LAG, consumer->service,
                 dt_consumer_lag(consumer, json_object_get(stats, "topics")));
        dt_json_free();
    }

    return 0;
}


/* Events behind the ends of the partitions that are ours. */

static int64_t
dt_consumer_lag(dt_consumer_t *consumer, json_t *topics)
{
    int64_t      lag, behind;
    json_t      *topic, *partition;
    const char  *name, *number;

    lag = 0;

    json_object_foreach(topics, name, topic) {
        json_object_foreach(json_object_get(topic, "partitions"), number,
                            partition)
        {
            if (!dt_partition_ours(&consumer->partitions, name,
                                   (int32_t) strtol(number, NULL, 10)))
            {
                continue;
            }

            behind = json_integer_value(json_object_get(partition,
                                                     "consumer_lag_stored"));
            if (behind > 0) {
                lag += behind;
            }
        }
    }

    return lag;
}
