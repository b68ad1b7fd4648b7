/* Events as headers of Kafka messages. */

#include "dt_event.h"


#define DT_EVENT_VERSION  "1.0"
#define DT_EVENT_CONTENT  "application/json"

/* "00000000-0000-0000-0000-000000000000" */
#define DT_UUID_LEN       36


static ngx_int_t dt_event_add(rd_kafka_headers_t *headers, const char *name,
    const char *value);
static const char *dt_event_attribute(const rd_kafka_headers_t *headers,
    const char *name, ngx_str_t *value);
static ngx_uint_t dt_event_is_uuid(const ngx_str_t *text);


rd_kafka_headers_t *
dt_event_headers(const dt_event_t *event)
{
    rd_kafka_headers_t  *headers;

    headers = rd_kafka_headers_new(8);
    if (headers == NULL) {
        return NULL;
    }

    if (dt_event_add(headers, "ce_specversion", DT_EVENT_VERSION) != NGX_OK
        || dt_event_add(headers, "ce_id", event->id) != NGX_OK
        || dt_event_add(headers, "ce_type", event->type) != NGX_OK
        || dt_event_add(headers, "ce_source", event->source) != NGX_OK
        || dt_event_add(headers, "ce_time", event->time) != NGX_OK
        || dt_event_add(headers, "traceparent", event->traceparent) != NGX_OK
        || dt_event_add(headers, "content-type", DT_EVENT_CONTENT) != NGX_OK)
    {
        rd_kafka_headers_destroy(headers);
        return NULL;
    }

    return headers;
}


static ngx_int_t
dt_event_add(rd_kafka_headers_t *headers, const char *name, const char *value)
{
    if (value == NULL) {
        return NGX_OK;
    }

    return rd_kafka_header_add(headers, name, -1, value, -1)
           == RD_KAFKA_RESP_ERR_NO_ERROR ? NGX_OK : NGX_ERROR;
}


const char *
dt_event_decode(const rd_kafka_headers_t *headers,
    dt_event_attributes_t *attributes)
{
    ngx_str_t    version;
    const char  *wrong;

    ngx_memzero(attributes, sizeof(dt_event_attributes_t));

    if (headers == NULL) {
        return "no headers";
    }

    wrong = dt_event_attribute(headers, "ce_specversion", &version);

    if (wrong == NULL) {
        wrong = dt_event_attribute(headers, "ce_id", &attributes->id);
    }

    if (wrong == NULL) {
        wrong = dt_event_attribute(headers, "ce_type", &attributes->type);
    }

    if (wrong == NULL) {
        wrong = dt_event_attribute(headers, "ce_time", &attributes->time);
    }

    if (wrong) {
        return wrong;
    }

    if (version.len != sizeof(DT_EVENT_VERSION) - 1
        || ngx_strncmp(version.data, DT_EVENT_VERSION, version.len) != 0)
    {
        return "ce_specversion is not 1.0";
    }

    if (!dt_event_is_uuid(&attributes->id)) {
        return "ce_id is not a UUID";
    }

    if (attributes->type.len == 0) {
        return "no ce_type";
    }

    return NULL;
}


/* An absent one is empty.  Only visible ASCII is taken: a value becomes a C
 * string for PostgreSQL and part of a log line. */

static const char *
dt_event_attribute(const rd_kafka_headers_t *headers, const char *name,
    ngx_str_t *value)
{
    size_t        i, len;
    const void   *data;
    const u_char *p;

    ngx_str_null(value);

    if (rd_kafka_header_get_last(headers, name, &data, &len)
        != RD_KAFKA_RESP_ERR_NO_ERROR
        || data == NULL)
    {
        return NULL;
    }

    p = data;

    for (i = 0; i < len; i++) {
        if (p[i] <= 0x20 || p[i] >= 0x7f) {
            return "an attribute is not visible ASCII";
        }
    }

    value->data = (u_char *) data;
    value->len = len;

    return NULL;
}


static ngx_uint_t
dt_event_is_uuid(const ngx_str_t *text)
{
    u_char      ch;
    ngx_uint_t  i;

    if (text->len != DT_UUID_LEN) {
        return 0;
    }

    for (i = 0; i < DT_UUID_LEN; i++) {
        ch = text->data[i];

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (ch != '-') {
                return 0;
            }

            continue;
        }

        ch |= 0x20;

        if ((ch < '0' || ch > '9') && (ch < 'a' || ch > 'f')) {
            return 0;
        }
    }

    return 1;
}


const char *
dt_event_check(const rd_kafka_message_t *message)
{
    if (message->key == NULL || message->key_len == 0) {
        return "no key";
    }

    if (message->payload == NULL || message->len == 0) {
        return "no data";
    }

    /* They become C strings, which would silently end there. */

    if (memchr(message->key, '\0', message->key_len) != NULL
        || memchr(message->payload, '\0', message->len) != NULL)
    {
        return "a NUL byte in key or data";
    }

    return NULL;
}


rd_kafka_headers_t *
dt_event_dead_headers(const rd_kafka_headers_t *original, const char *reason,
    const char *origin)
{
    rd_kafka_headers_t  *headers;

    headers = original ? rd_kafka_headers_copy(original)
                       : rd_kafka_headers_new(2);
    if (headers == NULL) {
        return NULL;
    }

    /* A dead letter that was replayed and died again. */

    (void) rd_kafka_header_remove(headers, "dt_reason");
    (void) rd_kafka_header_remove(headers, "dt_origin");

    if (dt_event_add(headers, "dt_reason", reason) != NGX_OK
        || dt_event_add(headers, "dt_origin", origin) != NGX_OK)
    {
        rd_kafka_headers_destroy(headers);
        return NULL;
    }

    return headers;
}


void
dt_event_time(int64_t ms, char *text)
{
    ngx_tm_t  tm;

    if (ms < 0) {
        ms = 0;
    }

    ngx_gmtime((time_t) (ms / 1000), &tm);

    (void) ngx_snprintf((u_char *) text, DT_EVENT_TIME,
                        "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ%Z",
                        tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                        tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec,
                        (int) (ms % 1000));
}
