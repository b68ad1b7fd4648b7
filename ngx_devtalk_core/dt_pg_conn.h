/*
 * Inside the PostgreSQL pool: units, lanes, connections, and what its files
 * ask of each other.
 *
 * A unit is owned by exactly one list: the free list of the pool, the queue
 * of a lane, or the FIFO of a connection.  Its "done" is called, if at all,
 * while it is in none of them and before it is freed.
 */

#ifndef _DT_PG_CONN_H_INCLUDED_
#define _DT_PG_CONN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "dt_pg.h"


#define DT_PG_LOG_LINE  512

/* From the first packet to a session that may be used. */
#define DT_PG_CONNECT_TIME  2000


typedef struct dt_pg_conn_s  dt_pg_conn_t;
typedef struct dt_pg_lane_s  dt_pg_lane_t;


struct dt_pg_unit_s {
    ngx_queue_t         queue;
    dt_pg_lane_t       *lane;
    const dt_sql_t     *sql;
    const char         *values[DT_SQL_PARAMS];   /* the strings are the
                                                    caller's */
    const ngx_str_t    *tag;           /* ditto; NULL once forgotten */
    dt_pg_done_pt       done;
    void               *data;
    PGresult           *result;        /* told when the Sync has come back */
    ngx_msec_t          time;          /* waiting: its deadline; sent: when */

    unsigned            waiting:1;     /* in its lane's queue */
    unsigned            forgotten:1;   /* values, tag and data are dead */
    unsigned            orphan:1;      /* values and tag are */
    unsigned            again:1;       /* sent for the second time */
};


typedef enum {
    DT_PG_CLOSED = 0,
    DT_PG_CONNECTING,
    DT_PG_PREPARING,
    DT_PG_READY
} dt_pg_state_e;


struct dt_pg_conn_s {
    dt_pg_pool_t       *pool;
    dt_pg_lane_t       *lane;
    ngx_uint_t          number;
    dt_pg_state_e       state;

    PGconn             *pg;            /* NULL: closed */
    ngx_connection_t   *c;             /* on libpq's socket; NULL: none */
    ngx_event_t         timer;         /* connecting takes too long, or the
                                          oldest unit goes unanswered */

    ngx_queue_t         units;         /* in the order they were sent */
    ngx_uint_t          n;             /* their number */
    ngx_uint_t          prepared;      /* answers to the setup so far */
    ngx_msec_t          since;         /* when it became ready */

    unsigned            listens:1;
    unsigned            sent:1;        /* flush it in this turn */
    unsigned            broken:1;      /* libpq refused to send */
    unsigned            retiring:1;    /* closes when it is idle */
};


struct dt_pg_lane_s {
    dt_pg_pool_t       *pool;
    dt_pg_conn_t       *conns;
    ngx_uint_t          nconns;
    ngx_queue_t         waiting;       /* by deadline */
    ngx_uint_t          nwaiting;
    ngx_event_t         timer;         /* of the first deadline */
    unsigned            young:1;       /* its first connect is not over yet */
};


/* One of the addresses that the server may have. */
typedef struct {
    const char         *host;          /* as libpq's keywords; NULL: not
                                          told */
    const char         *hostaddr;
    const char         *port;
} dt_pg_host_t;


/* Of ours, besides those of conninfo. */
#define DT_PG_PARAMS  16

struct dt_pg_pool_s {
    dt_pg_pool_init_t     init;
    const dt_pg_conf_t   *conf;
    ngx_log_t            *log;         /* the cycle's */

    const char          **keywords;    /* for libpq, without the address */
    const char          **params;
    ngx_uint_t            nparams;

    dt_pg_host_t         *hosts;
    ngx_uint_t            nhosts;
    ngx_uint_t            host;        /* the one to connect to */
    ngx_uint_t            tried;       /* of them, since the last pause */

    dt_pg_conn_t         *conns;       /* those of both lanes */
    ngx_uint_t            nconns;
    dt_pg_lane_t          fast;
    dt_pg_lane_t          slow;        /* no connections: not in use */

    dt_pg_conn_t         *connecting;  /* one at a time */
    ngx_event_t           connect;     /* timer of the next try */
    ngx_msec_t            backoff;
    ngx_msec_t            retire_pause;
    ngx_msec_t            retired;     /* when the connections were last told
                                          to prepare anew */

    ngx_event_t           dispatch;    /* posted: units wait */
    ngx_event_t           pause;       /* timer: while set, nothing is sent */
    ngx_event_t           watch;       /* timer: is the server still there? */
    ngx_msec_t            heard;       /* when it last said anything */
    ngx_queue_t           free;        /* units */

    ngx_uint_t            lost;
    ngx_uint_t            refused;

    unsigned              stalled:1;   /* it says nothing: nothing is sent */
};


/* Why a connection closes. */
typedef enum {
    DT_PG_LOST,          /* reads may be sent again */
    DT_PG_FROZEN,        /* everything on it has waited long enough */
    DT_PG_RETIRED,       /* nothing is wrong, connect again at once */
    DT_PG_FAILED         /* it never was ready */
} dt_pg_close_e;


/* dt_pg_conn.c */

/* Starts to connect a closed connection. */
void dt_pg_conn_connect(dt_pg_conn_t *conn);

/* Takes the unit into the FIFO and gives it to libpq.  Never closes the
 * connection and calls no "done": dt_pg_conn_flush() must follow. */
void dt_pg_conn_send(dt_pg_conn_t *conn, dt_pg_unit_t *unit);
void dt_pg_conn_flush(dt_pg_conn_t *conn);

/* Closes it and tells the pool; "text" is for the log, NULL: logged
 * already. */
void dt_pg_conn_close(dt_pg_conn_t *conn, dt_pg_close_e why,
    const char *text);

/* The same with what libpq has to say. */
void dt_pg_conn_lost(dt_pg_conn_t *conn);

/* Closes it and tells nobody: for the end of the process.  Units are left in
 * the FIFO. */
void dt_pg_conn_drop(dt_pg_conn_t *conn);


/* dt_pg_answer.c */

/* The socket is readable. */
void dt_pg_conn_read(dt_pg_conn_t *conn);

/* Takes all answers that libpq has read.  NGX_ERROR: the connection is
 * closed. */
ngx_int_t dt_pg_conn_drain(dt_pg_conn_t *conn);


/* dt_pg_setup.c */

/* The connection parameters, made once; NGX_ERROR when memory is short. */
ngx_int_t dt_pg_setup_params(ngx_pool_t *mem, dt_pg_pool_t *pool);

/* Into pipeline mode, and everything that must be prepared is on its way;
 * NGX_ERROR: libpq's message says why not. */
ngx_int_t dt_pg_setup_send(dt_pg_conn_t *conn);

/* An answer to that, which it clears.  NGX_AGAIN: more will come, NGX_OK:
 * that was all, NGX_ERROR: refused, and logged. */
ngx_int_t dt_pg_setup_answer(dt_pg_conn_t *conn, PGresult *result);

void dt_pg_setup_notice(void *data, const char *text);


/* dt_pg_host.c */

/* The addresses in conninfo; NGX_ERROR when memory is short. */
ngx_int_t dt_pg_host_read(ngx_pool_t *mem, dt_pg_pool_t *pool,
    const PQconninfoOption *options);

/* True for what makes an address. */
ngx_uint_t dt_pg_host_keyword(const char *keyword);

/* The parameters are those of the address whose turn it is. */
void dt_pg_host_params(dt_pg_pool_t *pool);

/* The server cannot be used at that address: the next time another one.
 * False when all have been tried. */
ngx_uint_t dt_pg_host_next(dt_pg_pool_t *pool);


/* dt_pg_watch.c */

void dt_pg_watch_init(dt_pg_pool_t *pool);

/* A unit is out. */
void dt_pg_watch_sent(dt_pg_pool_t *pool);

/* The server has said something. */
void dt_pg_watch_heard(dt_pg_pool_t *pool);


/* dt_pg_unit.c */

void dt_pg_lane_init(dt_pg_lane_t *lane, dt_pg_pool_t *pool,
    dt_pg_conn_t *conns, ngx_uint_t n);

/* Sends as many of those that wait as the connections take, and sets the
 * timer for the rest.  Calls no "done". */
void dt_pg_lane_send(dt_pg_lane_t *lane);

/* Asks the server on that connection whether it is there. */
void dt_pg_unit_ping(dt_pg_conn_t *conn);

/* The first connect is over, well or not. */
void dt_pg_lane_tried(dt_pg_lane_t *lane);

/* True if the lane has a connection to send on. */
ngx_uint_t dt_pg_lane_ready(const dt_pg_lane_t *lane);

/* The Sync of a unit has come back; it is in no list. */
void dt_pg_unit_answered(dt_pg_conn_t *conn, dt_pg_unit_t *unit);

/* Empties the FIFO of a connection that is closed. */
void dt_pg_unit_disown(dt_pg_conn_t *conn, dt_pg_close_e why);

/* Back to the free list. */
void dt_pg_unit_free(dt_pg_unit_t *unit);


/* dt_pg_pool.c */

/* The connection can be used. */
void dt_pg_pool_ready(dt_pg_conn_t *conn);

/* It is closed. */
void dt_pg_pool_closed(dt_pg_conn_t *conn, dt_pg_close_e why);


#endif /* _DT_PG_CONN_H_INCLUDED_ */
