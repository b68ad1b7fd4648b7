/*
 * A relay from inside: dt_relay.c decides what is next, dt_relay_batch.c
 * moves rows.
 */

#ifndef _DT_RELAY_PARTS_H_INCLUDED_
#define _DT_RELAY_PARTS_H_INCLUDED_


#include "dt_kafka.h"
#include "dt_relay.h"


#define DT_RELAY_BATCH     500
#define DT_RELAY_BATCH_S   "500"


typedef struct dt_relay_s  dt_relay_t;

/* A row that was given to Kafka. */
typedef struct {
    dt_relay_t         *relay;
    int64_t             id;
    unsigned            delivered:1;
} dt_relay_row_t;


struct dt_relay_s {
    const char         *name;          /* of the service */
    ngx_str_t           source;        /* ce_source */
    ngx_uint_t          service;       /* its place, for the gauges */
    ngx_log_t          *log;
    dt_pg_pool_t       *pool;          /* one connection, our own */
    dt_kafka_watch_t   *watch;         /* only tells us when to leave */
    ngx_event_t         tick;
    time_t              trimmed;

    dt_relay_row_t      rows[DT_RELAY_BATCH];
    ngx_uint_t          nrows;
    ngx_uint_t          waiting;       /* of them without a report */
    u_char              ids[DT_RELAY_BATCH * (NGX_INT64_LEN + 1) + 3];

    unsigned            ready:1;       /* the connection */
    unsigned            held:1;        /* the lock */
    unsigned            asking:1;      /* a statement is out */
    unsigned            measuring:1;   /* so is that for the lag */
    unsigned            trimming:1;
    unsigned            more:1;        /* rows may wait in the outbox */
    unsigned            failed:1;      /* Kafka did not take some of "rows" */
    unsigned            resting:1;     /* until the next tick */
    unsigned            leaving:1;
    unsigned            left:1;
};


/* Does what is next, if nothing is out. */
void dt_relay_run(dt_relay_t *relay);

/* Sends a statement, of which there is one at a time; rests if it is
 * refused. */
void dt_relay_ask(dt_relay_t *relay, const dt_sql_t *sql, const char *value,
    dt_pg_done_pt done);

/* Gives the rows of sql_outbox_batch to Kafka. */
void dt_relay_batch(void *data, dt_error_e error, PGresult *result);

/* Deletes those that were delivered. */
void dt_relay_delete(dt_relay_t *relay);

/* "" if it is NULL or not there. */
const char *dt_relay_column(PGresult *result, int row, const char *name);


#endif /* _DT_RELAY_PARTS_H_INCLUDED_ */
