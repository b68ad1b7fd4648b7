/*
 * Events from Kafka.  An input is headers, "name: value" on a line each ("name"
 * alone is one without a value), an empty line, the key on a line, the data.
 */

/* sources: ngx_devtalk_core/dt_event.c */
/* libs: -lrdkafka */

#include "fuzz.h"
#include "dt_event.h"


static rd_kafka_headers_t *
read_headers(ngx_str_t *input)
{
    u_char              *colon;
    ngx_str_t            line;
    rd_kafka_headers_t  *headers;

    headers = rd_kafka_headers_new(8);

    for ( ;; ) {
        line = fuzz_cut(input, '\n');

        if (line.len == 0) {
            return headers;
        }

        colon = ngx_strlchr(line.data, line.data + line.len, ':');

        if (colon == NULL) {
            rd_kafka_header_add(headers, (char *) line.data, line.len, NULL,
                                0);
            continue;
        }

        if (colon + 1 < line.data + line.len && colon[1] == ' ') {
            rd_kafka_header_add(headers, (char *) line.data,
                                colon - line.data, colon + 2,
                                line.data + line.len - colon - 2);
            continue;
        }

        rd_kafka_header_add(headers, (char *) line.data, colon - line.data,
                            colon + 1, line.data + line.len - colon - 1);
    }
}


/* A text of the attributes as a C string, as they become. */

static const char *
text(const ngx_str_t *value)
{
    size_t   i;
    u_char  *p;

    p = ngx_pnalloc(fuzz_pool, value->len + 1);
    must(p != NULL);

    for (i = 0; i < value->len; i++) {
        must(value->data[i] > 0x20 && value->data[i] < 0x7f);
        p[i] = value->data[i];
    }

    p[i] = '\0';

    return (char *) p;
}


/* What was read is what would be written. */

static void
written(const dt_event_attributes_t *event)
{
    dt_event_t             out;
    rd_kafka_headers_t    *headers;
    dt_event_attributes_t  again;

    ngx_memzero(&out, sizeof(out));
    out.id = text(&event->id);
    out.type = text(&event->type);
    out.source = "/fuzz";
    out.time = text(&event->time);

    headers = dt_event_headers(&out);
    must(headers != NULL);
    must(dt_event_decode(headers, &again) == NULL);
    must(fuzz_same(&again.id, &event->id));
    must(fuzz_same(&again.type, &event->type));
    must(fuzz_same(&again.time, &event->time));

    rd_kafka_headers_destroy(headers);
}


/* As librdkafka compares them when it removes: a NUL ends a name. */

static size_t
count(const rd_kafka_headers_t *headers, const char *name)
{
    size_t       i, n, len;
    const char  *other;
    const void  *value;

    n = 0;

    for (i = 0;
         rd_kafka_header_get_all(headers, i, &other, &value, &len)
         == RD_KAFKA_RESP_ERR_NO_ERROR;
         i++)
    {
        n += (strcmp(name, other) == 0);
    }

    return n;
}


/* A dead letter keeps all but the marks of an earlier death. */

static void
dies(const rd_kafka_headers_t *headers, const char *reason)
{
    size_t               lost;
    rd_kafka_headers_t  *dead;

    dead = dt_event_dead_headers(headers, reason, "devtalk.users/0/17");
    must(dead != NULL);
    must(count(dead, "dt_reason") == 1 && count(dead, "dt_origin") == 1);

    lost = count(headers, "dt_reason") + count(headers, "dt_origin");
    must(rd_kafka_header_cnt(dead)
         == rd_kafka_header_cnt(headers) - lost + 2);

    rd_kafka_headers_destroy(dead);
}


static void
body(ngx_str_t *input)
{
    size_t              i;
    ngx_str_t           key, data;
    const char         *wrong;
    rd_kafka_message_t  message;

    key = fuzz_cut(input, '\n');
    data = fuzz_take(input, input->len);

    ngx_memzero(&message, sizeof(message));
    message.key = key.data;
    message.key_len = key.len;
    message.payload = data.data;
    message.len = data.len;

    wrong = dt_event_check(&message);
    must(wrong || (key.len && data.len));

    for (i = 0; i < key.len; i++) {
        must(wrong || key.data[i]);
    }

    for (i = 0; i < data.len; i++) {
        must(wrong || data.data[i]);
    }
}


/* A message's time is its producer's word. */

static void
times(int64_t ms)
{
    char        date[DT_EVENT_TIME];
    ngx_uint_t  y, mo, d, h, mi, s, f;

    memset(date, 'x', sizeof(date));
    dt_event_time(ms, date);

    must(memchr(date, '\0', sizeof(date)) != NULL);
    must(sscanf(date, "%4lu-%2lu-%2luT%2lu:%2lu:%2lu.%3luZ", &y, &mo, &d, &h,
                &mi, &s, &f)
         == 7);
    must(strlen(date) == DT_EVENT_TIME - 1);
    must(y >= 1970 && mo >= 1 && mo <= 12 && d >= 1 && d <= 31 && h < 24
         && mi < 60 && s < 60);
}


void
fuzz_one(ngx_str_t input)
{
    ngx_str_t               rest;
    const char             *wrong;
    rd_kafka_headers_t     *headers;
    dt_event_attributes_t   event;

    rest = input;
    times((int64_t) fuzz_number(&rest, 8));

    headers = read_headers(&input);
    wrong = dt_event_decode(headers, &event);

    if (wrong == NULL) {
        written(&event);
    }

    dies(headers, wrong ? wrong : "none");
    body(&input);

    rd_kafka_headers_destroy(headers);
}
