/*
 * The producer of a worker.  An accepted event stays in librdkafka's queue
 * until all in-sync replicas have it, however long Kafka is away: a message
 * that timed out and was sent again would overtake the later ones of its
 * key.
 */

#include "dt_conf.h"
#include "dt_json.h"
#include "dt_kafka.h"


#define DT_TOPIC_MAX  249          /* Kafka's own bound */


/* An accepted event: who wants to know what became of it. */
typedef struct {
    ngx_queue_t             link;  /* of dt_producer.waiting */
    dt_kafka_delivered_pt   delivered;
    void                   *data;
} dt_producer_op_t;


static ngx_int_t dt_producer_start(void);
static void dt_producer_stop(void);
static void dt_producer_serve(void *data);
static ngx_int_t dt_producer_send(const char *topic, const void *key,
    size_t key_len, const void *value, size_t len,
    rd_kafka_headers_t *headers, dt_kafka_delivered_pt delivered, void *data);
static void dt_producer_delivered(rd_kafka_t *handle,
    const rd_kafka_message_t *message, void *data);
static void dt_producer_error(rd_kafka_t *handle, int error,
    const char *reason, void *data);
static int dt_producer_stats(rd_kafka_t *handle, char *json, size_t len,
    void *data);


static struct {
    ngx_log_t          *log;
    rd_kafka_t         *handle;
    dt_kafka_watch_t   *watch;
    ngx_queue_t         waiting;   /* dt_producer_op_t */
    ngx_uint_t          latency;
    unsigned            up:1;
    unsigned            broken:1;  /* a fatal error: to be replaced */
} dt_producer;


/* message.timeout.ms 0 is "never"; message.max.bytes is what the topics
 * take, so that a too large event is refused before it has a successor. */

static const char *const  dt_producer_properties[] = {
    "enable.idempotence",               "true",
    "acks",                             "all",
    "message.timeout.ms",               "0",
    "message.max.bytes",                "1000000",
    "linger.ms",                        "2",
    "compression.codec",                "lz4",
    "partitioner",                      "murmur2_random",
    "queue.buffering.max.messages",     "10000",
    "queue.buffering.max.kbytes",       "65536",
    NULL
};


ngx_int_t
dt_producer_open(ngx_cycle_t *cycle)
{
    dt_producer.log = cycle->log;
    ngx_queue_init(&dt_producer.waiting);

    dt_producer.watch = dt_kafka_watch(dt_producer_serve, NULL);
    if (dt_producer.watch == NULL) {
        return NGX_ERROR;
    }

    return dt_producer_start();
}


static ngx_int_t
dt_producer_start(void)
{
    rd_kafka_queue_t   *queue;
    dt_kafka_handle_t   init;

    ngx_memzero(&init, sizeof(dt_kafka_handle_t));
    init.properties = dt_producer_properties;
    init.error = dt_producer_error;
    init.stats = dt_producer_stats;
    init.delivered = dt_producer_delivered;

    dt_producer.broken = 0;
    dt_producer.handle = dt_kafka_open(RD_KAFKA_PRODUCER, &init);
    if (dt_producer.handle == NULL) {
        return NGX_ERROR;
    }

    queue = rd_kafka_queue_get_main(dt_producer.handle);
    dt_kafka_watch_add(dt_producer.watch, queue);
    rd_kafka_queue_destroy(queue);

    return NGX_OK;
}


static void
dt_producer_stop(void)
{
    rd_kafka_queue_t  *queue;

    queue = rd_kafka_queue_get_main(dt_producer.handle);
    dt_kafka_watch_remove(queue);
    rd_kafka_queue_destroy(queue);

    dt_kafka_close(dt_producer.handle, 0);
    dt_producer.handle = NULL;
    dt_producer.up = 0;
}


/* At the worker's end: what was not delivered is in the outbox still, or
 * comes again from its topic. */

void
dt_producer_close(void)
{
    ngx_queue_t  *q;

    if (dt_producer.handle == NULL) {
        return;
    }

    dt_producer_stop();

    while (!ngx_queue_empty(&dt_producer.waiting)) {
        q = ngx_queue_head(&dt_producer.waiting);
        ngx_queue_remove(q);
        ngx_free(ngx_queue_data(q, dt_producer_op_t, link));
    }
}


static void
dt_producer_serve(void *data)
{
    if (dt_producer.handle) {
        (void) rd_kafka_poll(dt_producer.handle, 0);
    }

    /* Its purged events have reported back. */

    if (dt_producer.broken && ngx_queue_empty(&dt_producer.waiting)) {
        dt_producer_stop();
        (void) dt_producer_start();
    }
}


ngx_uint_t
dt_kafka_up(void)
{
    return dt_producer.up;
}


ngx_uint_t
dt_kafka_latency(void)
{
    return dt_producer.latency;
}


ngx_int_t
dt_kafka_produce(const dt_event_t *event, dt_kafka_delivered_pt delivered,
    void *data)
{
    rd_kafka_headers_t  *headers;

    headers = dt_event_headers(event);
    if (headers == NULL) {
        return NGX_ERROR;
    }

    return dt_producer_send(event->topic, event->key, ngx_strlen(event->key),
                            event->data, event->len, headers, delivered,
                            data);
}


ngx_int_t
dt_kafka_bury(const rd_kafka_message_t *message, const char *reason,
    dt_kafka_delivered_pt delivered, void *data)
{
    u_char               topic[DT_TOPIC_MAX + 1];
    u_char               origin[DT_TOPIC_MAX + 2 * NGX_INT64_LEN];
    const char          *name;
    rd_kafka_headers_t  *headers, *original;

    name = rd_kafka_topic_name(message->rkt);

    *ngx_snprintf(topic, DT_TOPIC_MAX, "%s.dead", name) = '\0';
    *ngx_snprintf(origin, sizeof(origin) - 1, "%s/%D/%L", name,
                  message->partition, message->offset)
        = '\0';

    if (rd_kafka_message_headers(message, &original)
        != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
        original = NULL;
    }

    headers = dt_event_dead_headers(original, reason, (char *) origin);
    if (headers == NULL) {
        return NGX_ERROR;
    }

    return dt_producer_send((char *) topic, message->key, message->key_len,
                            message->payload, message->len, headers,
                            delivered, data);
}


/* Owns "headers" from the first line on. */

static ngx_int_t
dt_producer_send(const char *topic, const void *key, size_t key_len,
    const void *value, size_t len, rd_kafka_headers_t *headers,
    dt_kafka_delivered_pt delivered, void *data)
{
    dt_producer_op_t     *op;
    rd_kafka_resp_err_t   error;

    op = ngx_alloc(sizeof(dt_producer_op_t), dt_producer.log);

    if (op == NULL || dt_producer.broken
        || (dt_producer.handle == NULL && dt_producer_start() != NGX_OK))
    {
        rd_kafka_headers_destroy(headers);
        ngx_free(op);
        return NGX_AGAIN;
    }

    op->delivered = delivered;
    op->data = data;

    error = rd_kafka_producev(dt_producer.handle, RD_KAFKA_V_TOPIC(topic),
                              RD_KAFKA_V_KEY(key, key_len),
                              RD_KAFKA_V_VALUE((void *) value, len),
                              RD_KAFKA_V_HEADERS(headers),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_OPAQUE(op),
                              RD_KAFKA_V_END);

    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ngx_queue_insert_tail(&dt_producer.waiting, &op->link);
        return NGX_OK;
    }

    rd_kafka_headers_destroy(headers);
    ngx_free(op);

    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        return NGX_AGAIN;
    }

    if (dt_kafka_may_log()) {
        ngx_log_error(NGX_LOG_ERR, dt_producer.log, 0,
                      "kafka refused an event for \"%s\": %s", topic,
                      rd_kafka_err2str(error));
    }

    return NGX_ERROR;
}


static void
dt_producer_delivered(rd_kafka_t *handle, const rd_kafka_message_t *message,
    void *data)
{
    ngx_int_t          rc;
    dt_producer_op_t  *op;

    op = message->_private;
    rc = message->err ? NGX_ERROR : NGX_OK;

    if (rc != NGX_OK && dt_kafka_may_log()) {
        ngx_log_error(NGX_LOG_ERR, dt_producer.log, 0,
                      "kafka did not take an event for \"%s\": %s",
                      rd_kafka_topic_name(message->rkt),
                      rd_kafka_err2str(message->err));
    }

    ngx_queue_remove(&op->link);
    op->delivered(op->data, rc);
    ngx_free(op);
}


static void
dt_producer_error(rd_kafka_t *handle, int error, const char *reason,
    void *data)
{
    char                 text[256];
    rd_kafka_resp_err_t  fatal;

    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        dt_producer.up = 0;
    }

    if (error != RD_KAFKA_RESP_ERR__FATAL) {
        if (!dt_kafka_away(error) && dt_kafka_may_log()) {
            ngx_log_error(NGX_LOG_ERR, dt_producer.log, 0,
                          "kafka producer: %s: %s", rd_kafka_err2str(error),
                          reason);
        }

        return;
    }

    /* It takes nothing any more, and nothing that it holds will arrive. */

    fatal = rd_kafka_fatal_error(handle, text, sizeof(text));

    ngx_log_error(NGX_LOG_ERR, dt_producer.log, 0,
                  "kafka producer is replaced: %s: %s",
                  rd_kafka_err2str(fatal), text);

    dt_producer.broken = 1;
    (void) rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE
                                  |RD_KAFKA_PURGE_F_INFLIGHT
                                  |RD_KAFKA_PURGE_F_NON_BLOCKING);
}


static int
dt_producer_stats(rd_kafka_t *handle, char *json, size_t len, void *data)
{
    json_t        *stats, *broker;
    ngx_uint_t     up;
    json_int_t     latency;
    const char    *name, *state;
    json_error_t   error;

    if (dt_json_load(json, len, 0, &stats, &error) != NGX_OK) {
        return 0;
    }

    up = 0;

    json_object_foreach(json_object_get(stats, "brokers"), name, broker) {
        state = json_string_value(json_object_get(broker, "state"));

        if (state && ngx_strcmp(state, "UP") == 0) {
            up = 1;
        }

        /* 0: nothing was asked since the last time */

        latency = json_integer_value(
            json_object_get(json_object_get(broker, "rtt"), "avg"));

        if (latency > 0) {
            dt_producer.latency = latency;
        }
    }

    dt_json_free();

    if (up != dt_producer.up) {
        ngx_log_error(NGX_LOG_NOTICE, dt_producer.log, 0, "kafka is %s",
                      up ? "up" : "away");
    }

    dt_producer.up = up;

    return 0;
}
