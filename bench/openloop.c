/*
 * Asks at a steady rate, whether the server keeps up or not: latency counts
 * from the moment when a request was due, not from when a connection was free
 * for it.
 *
 *     openloop PORT RATE SECONDS CONNECTIONS TARGETS START
 *
 * TARGETS as target.py writes them, from number START (0 is the first) on;
 * each answer's status and body are checked.
 * Prints one line of JSON.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define LOOP_CONNECTIONS  1024
#define LOOP_BUFFER       (256 * 1024)
#define LOOP_EVENTS       256
#define LOOP_GRACE        10.0       /* s, for what was asked in time */


typedef struct {
    int      status;
    char    *parts;                  /* '\2' between them */
    char    *text;
    size_t   len;
} target_t;

typedef struct {
    int              fd;
    double           due;
    size_t           sent;
    size_t           got;
    size_t           size;           /* of the answer; 0: not known yet */
    const target_t  *target;         /* NULL: idle */
    char             buffer[LOOP_BUFFER + 1];
} connection_t;


static connection_t  *connection;
static connection_t  *idle[LOOP_CONNECTIONS];      /* a ring: all get used */
static size_t         idles, first_idle;

static target_t      *target;
static size_t         targets, next_target;

static double        *latency;
static size_t         answers, wrong;
static char           complaint[400];

static int            poller;


static void
fail(const char *what)
{
    fprintf(stderr, "openloop: %s: %s\n", what, strerror(errno));
    exit(1);
}


static double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


/* "status \t parts \t request", '\1' for each CRLF. */

static void
read_target(char *line, target_t *t)
{
    char  *p, *out;

    t->status = atoi(line);
    t->parts = strchr(line, '\t');
    p = t->parts ? strchr(t->parts + 1, '\t') : NULL;

    if (p == NULL) {
        errno = EINVAL;
        fail("a target");
    }

    *p++ = '\0';
    t->parts = strdup(t->parts + 1);
    t->text = out = malloc(2 * strlen(p) + 1);

    if (t->parts == NULL || t->text == NULL) {
        fail("memory");
    }

    for ( /* void */ ; *p && *p != '\n'; p++) {
        if (*p == '\1') {
            *out++ = '\r';
            *out++ = '\n';
        } else {
            *out++ = *p;
        }
    }

    *out = '\0';
    t->len = out - t->text;
}


static void
read_targets(const char *name)
{
    FILE    *file;
    char    *line;
    size_t   size;

    file = fopen(name, "r");
    line = NULL;
    size = 0;

    if (file == NULL) {
        fail(name);
    }

    while (getline(&line, &size, file) > 0) {
        target = realloc(target, (targets + 1) * sizeof(target_t));
        if (target == NULL) {
            fail("memory");
        }

        read_target(line, &target[targets++]);
    }

    free(line);
    fclose(file);

    if (targets == 0) {
        errno = EINVAL;
        fail(name);
    }
}


static void
rest(connection_t *c)
{
    c->target = NULL;
    idle[(first_idle + idles++) % LOOP_CONNECTIONS] = c;
}


static void
connect_one(connection_t *c, int port)
{
    int                 on;
    struct epoll_event  event;
    struct sockaddr_in  sin;

    on = 1;
    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    c->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (c->fd == -1 || connect(c->fd, (struct sockaddr *) &sin, sizeof(sin))
        || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
    {
        fail("connect");
    }

    event.events = EPOLLIN;
    event.data.ptr = c;

    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) == -1) {
        fail("epoll_ctl");
    }

    rest(c);
}


static void
ask(double due)
{
    ssize_t        n;
    connection_t  *c;

    c = idle[first_idle];
    first_idle = (first_idle + 1) % LOOP_CONNECTIONS;
    idles--;

    c->due = due;
    c->target = &target[next_target];
    c->got = 0;
    c->size = 0;
    next_target = (next_target + 1) % targets;

    /* requests are smaller than a socket's buffer, which is empty */

    n = send(c->fd, c->target->text, c->target->len, MSG_NOSIGNAL);

    if (n != (ssize_t) c->target->len) {
        fail("send");
    }
}


static void
complain(connection_t *c, const char *what)
{
    wrong++;
    snprintf(complaint, sizeof(complaint), "%.*s: %s in %.40s",
             (int) strcspn(c->target->text, "\r"), c->target->text, what,
             c->buffer);
}


/* The size of the whole answer, 0 until its head is there. */

static size_t
answer_size(connection_t *c)
{
    char  *end, *length;

    c->buffer[c->got] = '\0';
    end = strstr(c->buffer, "\r\n\r\n");

    if (end == NULL) {
        return 0;
    }

    length = strcasestr(c->buffer, "\r\nContent-Length:");

    return end + 4 - c->buffer
           + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
}


static void
judge(connection_t *c)
{
    char  *part, *save, parts[512];

    if (strncmp(c->buffer, "HTTP/1.1 ", 9) != 0
        || atoi(c->buffer + 9) != c->target->status)
    {
        complain(c, "another status");
        return;
    }

    snprintf(parts, sizeof(parts), "%s", c->target->parts);

    for (part = strtok_r(parts, "\2", &save);
         part;
         part = strtok_r(NULL, "\2", &save))
    {
        if (strstr(c->buffer, part) == NULL) {
            complain(c, part);
            return;
        }
    }
}


static void
answered(connection_t *c, size_t room)
{
    ssize_t  n;

    n = recv(c->fd, c->buffer + c->got, LOOP_BUFFER - c->got, MSG_DONTWAIT);

    if (n == -1 && errno == EAGAIN) {
        return;
    }

    if (n <= 0 || c->target == NULL) {
        fail("a connection was closed");
    }

    c->got += n;

    if (c->size == 0) {
        c->size = answer_size(c);
    }

    if (c->size == 0 || c->got < c->size) {
        return;
    }

    judge(c);

    if (answers < room) {
        latency[answers++] = now() - c->due;
    }

    rest(c);
}


static void
wait_for(double until, size_t room)
{
    int                 i, n;
    double              left;
    struct timespec     ts;
    struct epoll_event  events[LOOP_EVENTS];

    left = until - now();
    if (left < 0) {
        left = 0;
    }

    ts.tv_sec = left;
    ts.tv_nsec = (left - ts.tv_sec) * 1e9;

    n = epoll_pwait2(poller, events, LOOP_EVENTS, &ts, NULL);

    if (n == -1 && errno != EINTR) {
        fail("epoll_pwait2");
    }

    for (i = 0; i < n; i++) {
        answered(events[i].data.ptr, room);
    }
}


static int
by_size(const void *one, const void *two)
{
    double  a = *(const double *) one, b = *(const double *) two;

    return (a > b) - (a < b);
}


static double
percentile(double percent)
{
    size_t  i;

    i = answers * percent / 100;

    return answers ? latency[i < answers ? i : answers - 1] * 1000 : 0;
}


static size_t
run(double rate, double seconds, size_t room)
{
    size_t  asked;
    double  began, due, end;

    asked = 0;
    began = now();
    end = began + seconds;

    for ( ;; ) {
        due = began + asked / rate;

        while (due < end && due <= now() && idles) {
            ask(due);
            asked++;
            due = began + asked / rate;
        }

        if (due >= end && answers == asked) {
            return asked;
        }

        if (now() > end + LOOP_GRACE) {
            return asked;
        }

        wait_for(due < end && idles ? due : now() + 0.1, room);
    }
}


int
main(int argc, char **argv)
{
    int     i, n;
    size_t  room, asked;
    double  rate, seconds;

    if (argc != 7) {
        fprintf(stderr, "usage: openloop PORT RATE SECONDS CONNECTIONS "
                        "TARGETS START\n");
        return 2;
    }

    rate = atof(argv[2]);
    seconds = atof(argv[3]);
    n = atoi(argv[4]);

    if (rate <= 0 || seconds <= 0 || n < 1 || n > LOOP_CONNECTIONS) {
        errno = EINVAL;
        fail("arguments");
    }

    read_targets(argv[5]);
    next_target = strtoul(argv[6], NULL, 10) % targets;

    room = rate * seconds + 16;
    latency = calloc(room, sizeof(double));
    connection = calloc(n, sizeof(connection_t));
    poller = epoll_create1(0);

    if (latency == NULL || connection == NULL || poller == -1) {
        fail("memory");
    }

    for (i = 0; i < n; i++) {
        connect_one(&connection[i], atoi(argv[1]));
    }

    asked = run(rate, seconds, room);

    qsort(latency, answers, sizeof(double), by_size);

    for (i = 0; complaint[i]; i++) {
        if (complaint[i] < ' ' || complaint[i] == '"' || complaint[i] == '\\') {
            complaint[i] = '.';
        }
    }

    printf("{\"asked\":%zu,\"answered\":%zu,\"wrong\":%zu,\"p50\":%.4f,"
           "\"p99\":%.4f,\"p999\":%.4f,\"max\":%.4f,\"complaint\":\"%s\"}\n",
           asked, answers, wrong, percentile(50), percentile(99),
           percentile(99.9), percentile(100), complaint);

    return 0;
}
