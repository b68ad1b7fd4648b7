/*
 * Makes Kafka topics, and waits for the broker that shall have them:
 *
 *     topics HOST:PORT NAME:PARTITIONS...
 *
 * A topic that is there already is left as it is.
 */

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define TOPICS_MAX      32
#define PARTITIONS_MAX  1000
#define WAIT            30000    /* ms */


static rd_kafka_t *topics_connect(const char *brokers);
static size_t topics_parse(int n, char **names, rd_kafka_NewTopic_t **topics);
static int topics_create(rd_kafka_t *rk, rd_kafka_NewTopic_t **topics,
    size_t n);
static int topics_report(rd_kafka_event_t *event);


int
main(int argc, char **argv)
{
    int                   failed;
    size_t                n;
    rd_kafka_t           *rk;
    rd_kafka_NewTopic_t  *topics[TOPICS_MAX];

    if (argc < 3 || argc - 2 > TOPICS_MAX) {
        fprintf(stderr, "usage: topics HOST:PORT NAME:PARTITIONS...\n");
        return 2;
    }

    n = topics_parse(argc - 2, argv + 2, topics);
    if (n == 0) {
        return 2;
    }

    rk = topics_connect(argv[1]);
    if (rk == NULL) {
        rd_kafka_NewTopic_destroy_array(topics, n);
        return 1;
    }

    failed = topics_create(rk, topics, n);

    rd_kafka_NewTopic_destroy_array(topics, n);
    rd_kafka_destroy(rk);

    return failed;
}


/* Returns when the broker has answered once; NULL after WAIT. */

static rd_kafka_t *
topics_connect(const char *brokers)
{
    char                            error[256];
    rd_kafka_t                     *rk;
    rd_kafka_conf_t                *conf;
    rd_kafka_resp_err_t             code;
    const struct rd_kafka_metadata *metadata;

    conf = rd_kafka_conf_new();

    if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, error,
                          sizeof(error))
        != RD_KAFKA_CONF_OK
        || rd_kafka_conf_set(conf, "log_level", "0", error, sizeof(error))
           != RD_KAFKA_CONF_OK)
    {
        fprintf(stderr, "topics: %s\n", error);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }

    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (rk == NULL) {
        fprintf(stderr, "topics: %s\n", error);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }

    code = rd_kafka_metadata(rk, 0, NULL, &metadata, WAIT);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fprintf(stderr, "topics: %s: %s\n", brokers, rd_kafka_err2str(code));
        rd_kafka_destroy(rk);
        return NULL;
    }

    rd_kafka_metadata_destroy(metadata);

    return rk;
}


/* Fills "topics" from NAME:PARTITIONS, replicas as the broker likes; 0 if one
 * of them is wrong. */

static size_t
topics_parse(int n, char **names, rd_kafka_NewTopic_t **topics)
{
    int    i;
    long   partitions;
    char   error[256], *colon;

    for (i = 0; i < n; i++) {
        colon = strrchr(names[i], ':');
        partitions = (colon == NULL) ? 0 : strtol(colon + 1, NULL, 10);
        topics[i] = NULL;

        if (partitions > 0 && partitions <= PARTITIONS_MAX) {
            *colon = '\0';
            topics[i] = rd_kafka_NewTopic_new(names[i], (int) partitions, -1,
                                              error, sizeof(error));
        }

        if (topics[i] == NULL) {
            fprintf(stderr, "topics: what is \"%s\"?\n", names[i]);
            rd_kafka_NewTopic_destroy_array(topics, i);
            return 0;
        }
    }

    return n;
}


static int
topics_create(rd_kafka_t *rk, rd_kafka_NewTopic_t **topics, size_t n)
{
    int                      failed;
    char                     error[256];
    rd_kafka_event_t        *event;
    rd_kafka_queue_t        *queue;
    rd_kafka_AdminOptions_t *options;

    options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);

    if (rd_kafka_AdminOptions_set_operation_timeout(options, WAIT, error,
                                                    sizeof(error))
        != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
        fprintf(stderr, "topics: %s\n", error);
        rd_kafka_AdminOptions_destroy(options);
        return 1;
    }

    queue = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, topics, n, options, queue);

    event = rd_kafka_queue_poll(queue, 2 * WAIT);
    if (event == NULL) {
        fprintf(stderr, "topics: no answer\n");
        failed = 1;

    } else {
        failed = topics_report(event);
        rd_kafka_event_destroy(event);
    }

    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);

    return failed;
}


static int
topics_report(rd_kafka_event_t *event)
{
    int                                  failed;
    size_t                               i, n;
    rd_kafka_resp_err_t                  code;
    const rd_kafka_topic_result_t      **list;
    const rd_kafka_CreateTopics_result_t *result;

    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fprintf(stderr, "topics: %s\n", rd_kafka_event_error_string(event));
        return 1;
    }

    result = rd_kafka_event_CreateTopics_result(event);
    list = rd_kafka_CreateTopics_result_topics(result, &n);
    failed = 0;

    for (i = 0; i < n; i++) {
        code = rd_kafka_topic_result_error(list[i]);

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            printf("topic %s made\n", rd_kafka_topic_result_name(list[i]));

        } else if (code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            fprintf(stderr, "topics: %s: %s\n",
                    rd_kafka_topic_result_name(list[i]),
                    rd_kafka_topic_result_error_string(list[i]));
            failed = 1;
        }
    }

    return failed;
}
