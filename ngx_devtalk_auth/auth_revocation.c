/*
 * Sessions that have ended.
 */

#include "auth_announce.h"
#include "auth_revocation.h"
#include "auth_service.h"
#include "auth_sql.h"
#include "dt_redis.h"


#define AUTH_POLL_AWAY     500       /* ms; nobody tells us */
#define AUTH_POLL_USUAL    2000      /* should a message be lost */
#define AUTH_POLL_OVERLAP  30        /* s; longer than a statement takes */


/* Of this worker. */

typedef struct {
    ngx_event_t     timer;
    dt_pg_unit_t   *unit;            /* NULL: none is out */
    int64_t         read;            /* server's time at the last reading */
    char            since[NGX_INT64_LEN + 1];
    unsigned        listening:1;
    unsigned        again:1;         /* read once more when the unit ends */
} auth_revocations_t;


static ngx_uint_t auth_revocation_end(const u_char *p, const u_char *last);
static void auth_revocation_heard(const u_char *p, const u_char *last);
static void auth_revocation_state(ngx_uint_t up);
static void auth_revocation_poll(ngx_event_t *ev);
static void auth_revocation_read(void);
static void auth_revocation_rows(void *data, dt_error_e error,
    PGresult *result);
static void auth_revocation_row(PGresult *result, int row);
static void auth_revocation_wait(void);


static auth_revocations_t  auth_revocations;


ngx_int_t
auth_revocation_init_worker(ngx_cycle_t *cycle)
{
    ngx_event_t  *ev;

    ev = &auth_revocations.timer;
    ev->handler = auth_revocation_poll;
    ev->data = &auth_revocations;
    ev->log = cycle->log;
    ev->cancelable = 1;

    dt_token_know_ended(0);
    auth_revocation_read();

    if (dt_main_conf()->redis_port == 0) {
        return NGX_OK;
    }

    return auth_announce_init_worker(cycle, auth_revocation_heard,
                                     auth_revocation_state);
}


ngx_int_t
auth_revocation_tell(dt_call_t *call, const ngx_str_t *ended,
    const ngx_str_t *until)
{
    ngx_str_t  message;

    if (ended->len == 0 || until->len == 0) {
        return DT_NEXT;
    }

    message = dt_call_format(call, "%V %V", until, ended);
    if (message.data == NULL) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    (void) auth_revocation_end(message.data, message.data + message.len);

    return auth_announce(call, &message);
}


ngx_int_t
auth_revocation_ended(dt_call_t *call)
{
    ngx_str_t  ended, until;

    ended = dt_column(call, "ended");
    until = dt_column(call, "until");

    return auth_revocation_tell(call, &ended, &until);
}


/* "<until> <id> <id> ...": how many sessions there were. */

static ngx_uint_t
auth_revocation_end(const u_char *p, const u_char *last)
{
    time_t         until;
    ngx_str_t      session;
    ngx_uint_t     n;
    const u_char  *end;

    end = ngx_strlchr((u_char *) p, (u_char *) last, ' ');

    until = end ? ngx_atotm((u_char *) p, end - p) : NGX_ERROR;
    if (until == NGX_ERROR) {
        return 0;
    }

    for (n = 0, p = end + 1; p < last; p = end + 1) {

        end = ngx_strlchr((u_char *) p, (u_char *) last, ' ');
        if (end == NULL) {
            end = last;
        }

        session.data = (u_char *) p;
        session.len = end - p;

        if (dt_token_revoke(&session, until) != NGX_OK) {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                          "devtalk: no memory for a session that has ended");
        }

        n++;
    }

    return n;
}


static void
auth_revocation_heard(const u_char *p, const u_char *last)
{
    if (auth_revocation_end(p, last) == 0) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "devtalk: heard of ended sessions, but not of which");
    }
}


static void
auth_revocation_state(ngx_uint_t up)
{
    auth_revocations.listening = up;

    /* what ended before the subscription stood was told to others only */

    auth_revocation_read();
}


static void
auth_revocation_poll(ngx_event_t *ev)
{
    auth_revocation_read();
}


static void
auth_revocation_read(void)
{
    int64_t             since;
    const char         *values[1];
    auth_revocations_t *r = &auth_revocations;

    if (r->unit) {
        r->again = 1;
        return;
    }

    if (r->timer.timer_set) {
        ngx_del_timer(&r->timer);
    }

    since = ngx_max(r->read - AUTH_POLL_OVERLAP, 0);

    *ngx_snprintf((u_char *) r->since, NGX_INT64_LEN, "%L", since) = '\0';
    values[0] = r->since;

    r->unit = dt_pg_submit(dt_service_pool(&auth_service),
                           &sql_sessions_ended, values, NULL,
                           auth_revocation_rows, NULL);
    if (r->unit == NULL) {
        auth_revocation_wait();
    }
}


static void
auth_revocation_rows(void *data, dt_error_e error, PGresult *result)
{
    int                 i, n;
    auth_revocations_t *r = &auth_revocations;

    r->unit = NULL;

    if (error == DT_NO_ERROR) {
        n = PQntuples(result);

        for (i = 0; i < n; i++) {
            auth_revocation_row(result, i);
        }

        dt_token_know_ended(1);

        if (r->again) {
            r->again = 0;
            auth_revocation_read();
            return;
        }
    }

    auth_revocation_wait();
}


static void
auth_revocation_row(PGresult *result, int row)
{
    ngx_str_t  message;
    u_char     buf[NGX_INT64_LEN + DT_SESSION_MAX + 2];

    auth_revocations.read = strtoll(PQgetvalue(result, row, 0), NULL, 10);

    if (PQgetisnull(result, row, 1)) {
        return;
    }

    message.data = buf;
    message.len = ngx_snprintf(buf, sizeof(buf), "%s %s",
                               PQgetvalue(result, row, 2),
                               PQgetvalue(result, row, 1))
                  - buf;

    (void) auth_revocation_end(message.data, message.data + message.len);
}


static void
auth_revocation_wait(void)
{
    ngx_uint_t          usual;
    auth_revocations_t *r = &auth_revocations;

    usual = r->read && r->listening && dt_redis_up() && !r->again;
    r->again = 0;

    ngx_add_timer(&r->timer, usual ? AUTH_POLL_USUAL : AUTH_POLL_AWAY);
}
