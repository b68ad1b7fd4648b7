/* Events as Kafka messages: ngx_devtalk_core/dt_event.c. */

/* sources: ngx_devtalk_core/dt_event.c */
/* libs: -lrdkafka */

#include "tap.h"
#include "dt_event.h"


#define ID  "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9"


static dt_event_t
event(void)
{
    dt_event_t  e;

    e.topic = "devtalk.articles";
    e.key = "17";
    e.id = ID;
    e.type = "dev.devtalk.article.created";
    e.source = "/devtalk/articles";
    e.time = "2026-11-21T03:04:05.678901Z";
    e.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    e.data = "{\"id\":17}";
    e.len = strlen(e.data);

    return e;
}


static void
header(const rd_kafka_headers_t *headers, const char *name,
    const char *expected)
{
    size_t       len;
    ngx_str_t    value;
    const void  *data;

    if (rd_kafka_header_get_last(headers, name, &data, &len)
        != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
        is_text(NULL, expected, "no header %s", name);
        return;
    }

    value.data = (u_char *) data;
    value.len = len;
    is_str(&value, expected, "header %s", name);
}


/* Headers of "name", "value" in turn, NULL at the end. */

static rd_kafka_headers_t *
headers_of(const char *const *pairs)
{
    rd_kafka_headers_t  *headers;

    headers = rd_kafka_headers_new(8);

    for ( /* void */ ; *pairs; pairs += 2) {
        rd_kafka_header_add(headers, pairs[0], -1, pairs[1], -1);
    }

    return headers;
}


static void
refused(const char *const *pairs, const char *reason)
{
    rd_kafka_headers_t     *headers;
    dt_event_attributes_t   attributes;

    headers = headers_of(pairs);
    is_text(dt_event_decode(headers, &attributes), reason, "refused: %s",
            reason ? reason : "not at all");
    rd_kafka_headers_destroy(headers);
}


static void
test_headers(void)
{
    dt_event_t              e;
    rd_kafka_headers_t     *headers;
    dt_event_attributes_t   attributes;

    e = event();
    headers = dt_event_headers(&e);

    is(rd_kafka_header_cnt(headers), 7, "seven headers");
    header(headers, "ce_specversion", "1.0");
    header(headers, "ce_id", ID);
    header(headers, "ce_type", "dev.devtalk.article.created");
    header(headers, "ce_source", "/devtalk/articles");
    header(headers, "ce_time", "2026-11-21T03:04:05.678901Z");
    header(headers, "traceparent", e.traceparent);
    header(headers, "content-type", "application/json");

    is_text(dt_event_decode(headers, &attributes), NULL, "read back");
    is_str(&attributes.id, ID, "id");
    is_str(&attributes.type, "dev.devtalk.article.created", "type");
    is_str(&attributes.time, "2026-11-21T03:04:05.678901Z", "time");
    rd_kafka_headers_destroy(headers);

    e.traceparent = NULL;
    headers = dt_event_headers(&e);
    is(rd_kafka_header_cnt(headers), 6, "no traceparent, no header");
    header(headers, "traceparent", NULL);
    rd_kafka_headers_destroy(headers);
}


static void
test_decode(void)
{
    dt_event_attributes_t  attributes;

    static const char *const  least[] = {
        "ce_specversion", "1.0", "ce_id", ID, "ce_type", "a.b", NULL
    };
    static const char *const  upper[] = {
        "ce_specversion", "1.0", "ce_id",
        "0A1B2C3D-4E5F-4071-8293-A4B5C6D7E8F9", "ce_type", "a.b", NULL
    };
    static const char *const  last_wins[] = {
        "ce_specversion", "1.0", "ce_id", "x", "ce_type", "a.b", "ce_id", ID,
        NULL
    };
    static const char *const  others[] = { "a", "b", NULL };
    static const char *const  version[] = {
        "ce_specversion", "1.00", "ce_id", ID, "ce_type", "a.b", NULL
    };
    static const char *const  no_id[] = {
        "ce_specversion", "1.0", "ce_type", "a.b", NULL
    };
    static const char *const  not_hex[] = {
        "ce_specversion", "1.0", "ce_id",
        "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8fg", "ce_type", "a.b", NULL
    };
    static const char *const  no_dash[] = {
        "ce_specversion", "1.0", "ce_id",
        "0a1b2c3d44e5f-4071-8293-a4b5c6d7e8f9", "ce_type", "a.b", NULL
    };
    static const char *const  no_type[] = {
        "ce_specversion", "1.0", "ce_id", ID, NULL
    };
    static const char *const  blank[] = {
        "ce_specversion", "1.0", "ce_id", ID, "ce_type", "", NULL
    };
    static const char *const  control[] = {
        "ce_specversion", "1.0", "ce_id", ID, "ce_type", "a\nb", NULL
    };
    static const char *const  high[] = {
        "ce_specversion", "1.0", "ce_id", ID, "ce_type", "a.b", "ce_time",
        "\xd1\x8f", NULL
    };

    refused(least, NULL);
    refused(upper, NULL);
    refused(last_wins, NULL);

    is_text(dt_event_decode(NULL, &attributes), "no headers", "none");
    refused(others, "ce_specversion is not 1.0");
    refused(version, "ce_specversion is not 1.0");
    refused(no_id, "ce_id is not a UUID");
    refused(not_hex, "ce_id is not a UUID");
    refused(no_dash, "ce_id is not a UUID");
    refused(no_type, "no ce_type");
    refused(blank, "no ce_type");
    refused(control, "an attribute is not visible ASCII");
    refused(high, "an attribute is not visible ASCII");
}


static void
test_nul(void)
{
    rd_kafka_headers_t     *headers;
    dt_event_attributes_t   attributes;

    headers = rd_kafka_headers_new(3);
    rd_kafka_header_add(headers, "ce_specversion", -1, "1.0", -1);
    rd_kafka_header_add(headers, "ce_id", -1, ID, -1);
    rd_kafka_header_add(headers, "ce_type", -1, "a\0b", 3);
    is_text(dt_event_decode(headers, &attributes),
            "an attribute is not visible ASCII", "NUL in a header");
    rd_kafka_headers_destroy(headers);

    headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, "ce_specversion", -1, NULL, 0);
    is_text(dt_event_decode(headers, &attributes),
            "ce_specversion is not 1.0", "a header without a value");
    rd_kafka_headers_destroy(headers);
}


static void
check(const char *key, size_t key_len, const char *data, size_t len,
    const char *expected)
{
    ngx_str_t           k, d;
    rd_kafka_message_t  message;

    k = tap_slice(key ? key : "", key_len);
    d = tap_slice(data ? data : "", len);

    ngx_memzero(&message, sizeof(rd_kafka_message_t));
    message.key = key ? k.data : NULL;
    message.key_len = key_len;
    message.payload = data ? d.data : NULL;
    message.len = len;

    is_text(dt_event_check(&message), expected, "message: %s",
            expected ? expected : "good");
}


static void
test_check(void)
{
    check("17", 2, "{}", 2, NULL);
    check(NULL, 0, "{}", 2, "no key");
    check("", 0, "{}", 2, "no key");
    check("17", 2, NULL, 0, "no data");
    check("17", 2, "", 0, "no data");
    check("1\0" "7", 3, "{}", 2, "a NUL byte in key or data");
    check("17", 2, "{\0}", 3, "a NUL byte in key or data");
    check("17", 2, "{}\0", 3, "a NUL byte in key or data");
}


static void
test_dead(void)
{
    dt_event_t           e;
    rd_kafka_headers_t  *headers, *dead, *again;

    e = event();
    headers = dt_event_headers(&e);
    dead = dt_event_dead_headers(headers, "22P02 why", "devtalk.users/3/9");
    rd_kafka_headers_destroy(headers);

    header(dead, "ce_id", ID);
    header(dead, "dt_reason", "22P02 why");
    header(dead, "dt_origin", "devtalk.users/3/9");

    again = dt_event_dead_headers(dead, "other", "devtalk.users/0/1");
    is(rd_kafka_header_cnt(again), rd_kafka_header_cnt(dead),
       "one reason, that of the last death");
    header(again, "dt_reason", "other");
    rd_kafka_headers_destroy(again);
    rd_kafka_headers_destroy(dead);

    dead = dt_event_dead_headers(NULL, "no headers", "devtalk.users/3/9");
    is(rd_kafka_header_cnt(dead), 2, "of a message without headers");
    rd_kafka_headers_destroy(dead);
}


static void
test_time(void)
{
    char  text[DT_EVENT_TIME];

    dt_event_time(0, text);
    is_text(text, "1970-01-01T00:00:00.000Z", "the epoch");
    dt_event_time(1795233845678, text);
    is_text(text, "2026-11-21T04:04:05.678Z", "now");
    dt_event_time(-1, text);
    is_text(text, "1970-01-01T00:00:00.000Z", "no timestamp");
    dt_event_time(253402300799999, text);
    is_text(text, "9999-12-31T23:59:59.999Z", "the last one");
}


int
main(void)
{
    tap_start();

    test_headers();
    test_decode();
    test_nul();
    test_check();
    test_dead();
    test_time();

    return done();
}
