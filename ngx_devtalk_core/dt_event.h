/*
 * An event on the wire: CloudEvents 1.0, Kafka protocol binding, binary mode:
 * attributes in headers, JSON as the value.  Pure: needs no broker and no
 * event loop.
 */

#ifndef _DT_EVENT_H_INCLUDED_
#define _DT_EVENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <librdkafka/rdkafka.h>


/* One to send; NUL-terminated strings of the caller's. */
typedef struct {
    const char   *topic;
    const char   *key;           /* aggregate id */
    const char   *id;            /* ce_id */
    const char   *type;          /* ce_type */
    const char   *source;        /* ce_source */
    const char   *time;          /* ce_time, RFC 3339 */
    const char   *traceparent;   /* or NULL */
    const char   *data;          /* JSON */
    size_t        len;
} dt_event_t;


/* What a consumer reads of the headers: slices of them. */
typedef struct {
    ngx_str_t     id;            /* a UUID */
    ngx_str_t     type;
    ngx_str_t     time;          /* empty: the attribute is optional */
} dt_event_attributes_t;


/* The headers of an event, the caller's; NULL when memory is short. */
rd_kafka_headers_t *dt_event_headers(const dt_event_t *event);

/* Reads headers (NULL: the message has none).  NULL if they are an event's,
 * else what is wrong with them, a static text. */
const char *dt_event_decode(const rd_kafka_headers_t *headers,
    dt_event_attributes_t *attributes);

/* NULL if a message's key and value can be an event's, else what is wrong
 * with them. */
const char *dt_event_check(const rd_kafka_message_t *message);

/* The headers of a dead letter, the caller's: the original's (or NULL), why
 * it is dead, and "topic/partition/offset" it had.  NULL when memory is
 * short. */
rd_kafka_headers_t *dt_event_dead_headers(const rd_kafka_headers_t *original,
    const char *reason, const char *origin);

/* RFC 3339, UTC, of milliseconds since 1970; "text" has room for
 * DT_EVENT_TIME bytes and comes back NUL-terminated. */
#define DT_EVENT_TIME  sizeof("9999-12-31T23:59:59.999Z")

void dt_event_time(int64_t ms, char *text);


#endif /* _DT_EVENT_H_INCLUDED_ */
