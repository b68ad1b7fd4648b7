/*
 * Kills its process (SIGKILL) at one point of an event's way, when the test
 * has said at which: the armed one counts down, over all processes of all
 * nodes, and who reaches nought dies.
 *
 * The modules call libpq and librdkafka, librdkafka calls the socket: all of
 * these calls come by here.  What Kafka's client says to the broker is told by
 * the first bytes of its frames: size, key of the API, version, correlation
 * id; answers begin with size and correlation id.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>

#include "control.h"


/* The words.  From KILL_PASSED on: how often each point was passed. */

enum {
    KILL_POINT = 0,        /* 0: none is armed */
    KILL_COUNTDOWN,
    KILL_FIRED,
    KILL_PID,              /* who died last */
    KILL_PASSED
};

/* In the order of t/lib/DevTalk/Killer.pm. */

enum {
    BEFORE_PRODUCE = 1,
    PRODUCED,              /* it is in librdkafka's queue */
    PRODUCE_SENT,          /* it is on its way to the broker */
    PRODUCE_ACKED,         /* the broker has said so, nobody has read it */
    BEFORE_REPORT,
    REPORTED,
    BEFORE_DELETE,
    DELETE_SENT,
    DELETED,               /* committed, nobody has read it */
    BEFORE_EFFECT,
    EFFECT_SENT,
    EFFECT_COMMITTED,      /* nobody has read it */
    BEFORE_STORE,          /* of the offset */
    STORED,
    BEFORE_COMMIT,         /* of offsets, at the broker */
    COMMITTED,             /* nobody has read it */
    POINTS
};

enum { API_PRODUCE = 0, API_OFFSET_COMMIT = 8 };

#define KILL_FDS    4096
#define KILL_CONNS  64
#define KILL_DEPTH  1024


/* What was asked of the broker on a socket, to know the answer by. */
typedef struct {
    int32_t         produce;
    int32_t         commit;
    unsigned        produces:1;
    unsigned        commits:1;
} kill_fd_t;

/* Points to pass at the coming Syncs of a connection to PostgreSQL. */
typedef struct {
    const PGconn   *pg;
    int             unit;          /* what the next Sync ends */
    unsigned char   points[KILL_DEPTH];
    unsigned        head, tail;
} kill_conn_t;


static volatile int64_t  *words;
static pthread_t          kill_main;
static kill_fd_t          kill_fds[KILL_FDS];
static kill_conn_t        kill_conns[KILL_CONNS];

static void (*kill_report)(rd_kafka_t *, const rd_kafka_message_t *, void *);


#define real(name)                                                            \
    static __typeof__(&name)  real_##name;                                    \
    if (real_##name == NULL) {                                                \
        real_##name = (__typeof__(&name)) dlsym(RTLD_NEXT, #name);            \
    }


__attribute__((constructor)) static void
kill_begin(void)
{
    kill_main = pthread_self();
    words = control_map();
}


static void
pass(int point)
{
    if (words == NULL) {
        return;
    }

    __atomic_add_fetch(&words[KILL_PASSED + point], 1, __ATOMIC_SEQ_CST);

    if (words[KILL_POINT] != point
        || __atomic_sub_fetch(&words[KILL_COUNTDOWN], 1, __ATOMIC_SEQ_CST)
           != 0)
    {
        return;
    }

    words[KILL_PID] = getpid();
    __atomic_add_fetch(&words[KILL_FIRED], 1, __ATOMIC_SEQ_CST);
    kill(getpid(), SIGKILL);

    for ( ;; ) {
        pause();
    }
}


/* The relay and Kafka's producer. */

rd_kafka_resp_err_t
rd_kafka_producev(rd_kafka_t *rk, ...)
{
    size_t             n;
    va_list            args;
    rd_kafka_vu_t      vus[16];
    rd_kafka_error_t  *error;
    rd_kafka_vtype_t   type;

    real(rd_kafka_produceva);

    va_start(args, rk);

    for (n = 0; n < 16; n++) {
        type = va_arg(args, rd_kafka_vtype_t);

        if (type == RD_KAFKA_VTYPE_END) {
            break;
        }

        vus[n].vtype = type;

        switch (type) {

        case RD_KAFKA_VTYPE_TOPIC:
            vus[n].u.cstr = va_arg(args, const char *);
            break;

        case RD_KAFKA_VTYPE_KEY:
        case RD_KAFKA_VTYPE_VALUE:
            vus[n].u.mem.ptr = va_arg(args, void *);
            vus[n].u.mem.size = va_arg(args, size_t);
            break;

        case RD_KAFKA_VTYPE_MSGFLAGS:
            vus[n].u.i = va_arg(args, int);
            break;

        case RD_KAFKA_VTYPE_HEADERS:
            vus[n].u.headers = va_arg(args, rd_kafka_headers_t *);
            break;

        case RD_KAFKA_VTYPE_OPAQUE:
            vus[n].u.ptr = va_arg(args, void *);
            break;

        default:
            abort();
        }
    }

    va_end(args);

    pass(BEFORE_PRODUCE);

    error = real_rd_kafka_produceva(rk, vus, n);

    if (error == NULL) {
        pass(PRODUCED);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }

    type = (rd_kafka_vtype_t) rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);

    return (rd_kafka_resp_err_t) type;
}


static void
kill_reported(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    pass(BEFORE_REPORT);
    kill_report(rk, message, opaque);
    pass(REPORTED);
}


void
rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf,
    void (*report)(rd_kafka_t *, const rd_kafka_message_t *, void *))
{
    real(rd_kafka_conf_set_dr_msg_cb);

    kill_report = report;
    real_rd_kafka_conf_set_dr_msg_cb(conf, kill_reported);
}


/* The consumer. */

rd_kafka_resp_err_t
rd_kafka_offset_store(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset)
{
    rd_kafka_resp_err_t  error;

    real(rd_kafka_offset_store);

    pass(BEFORE_STORE);
    error = real_rd_kafka_offset_store(rkt, partition, offset);
    pass(STORED);

    return error;
}


/* Its and the relay's statements.  A unit is a statement and its Sync. */

static kill_conn_t *
kill_find(const PGconn *pg)
{
    int  i;

    for (i = 0; i < KILL_CONNS; i++) {
        if (kill_conns[i].pg == pg) {
            return &kill_conns[i];
        }
    }

    return NULL;
}


static kill_conn_t *
kill_conn(const PGconn *pg)
{
    kill_conn_t  *conn;

    conn = kill_find(pg);
    if (conn) {
        return conn;
    }

    conn = kill_find(NULL);
    if (conn == NULL) {
        abort();
    }

    conn->pg = pg;

    return conn;
}


int
PQsendQueryPrepared(PGconn *pg, const char *name, int n,
    const char *const *values, const int *lengths, const int *formats,
    int format)
{
    size_t  len;

    real(PQsendQueryPrepared);

    len = strlen(name);

    if (strcmp(name, "outbox_delete") == 0) {
        kill_conn(pg)->unit = DELETED;
        pass(BEFORE_DELETE);

    } else if (len > 6 && strcmp(name + len - 6, "_event") == 0) {
        kill_conn(pg)->unit = EFFECT_COMMITTED;
        pass(BEFORE_EFFECT);
    }

    return real_PQsendQueryPrepared(pg, name, n, values, lengths, formats,
                                    format);
}


/* libpq 15 sends at each Sync. */

int
PQpipelineSync(PGconn *pg)
{
    int           ok;
    kill_conn_t  *conn;

    real(PQpipelineSync);

    conn = kill_conn(pg);
    ok = real_PQpipelineSync(pg);

    conn->points[conn->tail++ % KILL_DEPTH] = (unsigned char) conn->unit;

    if (conn->unit) {
        pass(conn->unit - 1);
        conn->unit = 0;
    }

    return ok;
}


PGresult *
PQgetResult(PGconn *pg)
{
    PGresult     *result;
    kill_conn_t  *conn;

    real(PQgetResult);

    result = real_PQgetResult(pg);

    if (result && PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
        conn = kill_conn(pg);

        if (conn->head != conn->tail
            && conn->points[conn->head++ % KILL_DEPTH])
        {
            pass(conn->points[(conn->head - 1) % KILL_DEPTH]);
        }
    }

    return result;
}


void
PQfinish(PGconn *pg)
{
    kill_conn_t  *conn;

    real(PQfinish);

    conn = kill_find(pg);
    if (conn) {
        memset(conn, 0, sizeof(kill_conn_t));
    }

    real_PQfinish(pg);
}


/* librdkafka's threads and the broker. */

static int
kill_wire(int fd)
{
    return fd >= 0 && fd < KILL_FDS
           && !pthread_equal(pthread_self(), kill_main);
}


ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    int             api;
    ssize_t         n;
    int32_t         id;
    unsigned char  *p;

    real(sendmsg);

    api = -1;
    id = 0;

    if (kill_wire(fd) && message->msg_iovlen
        && message->msg_iov[0].iov_len >= 12)
    {
        p = message->msg_iov[0].iov_base;
        api = p[4] << 8 | p[5];
        memcpy(&id, p + 8, sizeof(id));
    }

    if (api == API_OFFSET_COMMIT) {
        kill_fds[fd].commit = id;
        kill_fds[fd].commits = 1;
        pass(BEFORE_COMMIT);
    }

    n = real_sendmsg(fd, message, flags);

    if (api == API_PRODUCE && n > 0) {
        kill_fds[fd].produce = id;
        kill_fds[fd].produces = 1;
        pass(PRODUCE_SENT);
    }

    return n;
}


static void
kill_heard(int fd, const void *bytes, size_t size)
{
    int32_t     id;
    kill_fd_t  *f;

    if (!kill_wire(fd) || size < 8) {
        return;
    }

    f = &kill_fds[fd];
    memcpy(&id, (const char *) bytes + 4, sizeof(id));

    if (f->produces && id == f->produce) {
        f->produces = 0;
        pass(PRODUCE_ACKED);
    }

    if (f->commits && id == f->commit) {
        f->commits = 0;
        pass(COMMITTED);
    }
}


ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t  n;

    real(recvmsg);

    n = real_recvmsg(fd, message, flags);

    if (n > 0) {
        kill_heard(fd, message->msg_iov[0].iov_base,
                   (size_t) n < message->msg_iov[0].iov_len
                   ? (size_t) n : message->msg_iov[0].iov_len);
    }

    return n;
}


ssize_t
recv(int fd, void *bytes, size_t size, int flags)
{
    ssize_t  n;

    real(recv);

    n = real_recv(fd, bytes, size, flags);

    if (n > 0) {
        kill_heard(fd, bytes, n);
    }

    return n;
}
