#include "dt_pg.h"
#include "dt_pg_error.h"


typedef struct {
    const char  *prefix;
    dt_error_e   error;
} dt_pg_state_t;


/* The first prefix that fits decides. */

static const dt_pg_state_t  dt_pg_states[] = {
    { "23505", DT_CONFLICT },         /* unique_violation */
    { "25006", DT_UNAVAILABLE },      /* read-only: it was demoted */
    { "28000", DT_UNAUTHORIZED },     /* the schemas': a user is gone */
    { "22",    DT_INVALID },          /* data exception */
    { "23",    DT_INVALID },          /* integrity constraint violation */
    { "08",    DT_UNAVAILABLE },      /* connection exception */
    { "40001", DT_UNAVAILABLE },      /* serialization_failure */
    { "40P01", DT_UNAVAILABLE },      /* deadlock_detected */
    { "53",    DT_UNAVAILABLE },      /* insufficient resources */
    { "55P03", DT_UNAVAILABLE },      /* lock_not_available */
    { "57014", DT_UNAVAILABLE },      /* query_canceled: statement_timeout */
    { "57P0",  DT_UNAVAILABLE },      /* shutdown, crash, starting up */
    { NULL,    DT_INTERNAL }
};


dt_error_e
dt_pg_error_by_state(const char *state)
{
    const dt_pg_state_t  *s;

    if (state == NULL || *state == '\0') {
        return DT_UNAVAILABLE;
    }

    for (s = dt_pg_states; s->prefix; s++) {
        if (ngx_strncmp(state, s->prefix, ngx_strlen(s->prefix)) == 0) {
            break;
        }
    }

    return s->error;
}


ngx_uint_t
dt_pg_error_outdated(const char *state)
{
    return state && (ngx_strcmp(state, "0A000") == 0
                     || ngx_strcmp(state, "25006") == 0
                     || ngx_strcmp(state, "26000") == 0);
}


size_t
dt_pg_error_line(u_char *line, size_t size, const char *text)
{
    size_t  n;

    for (n = 0; n < size && text[n]; n++) {
        line[n] = ((u_char) text[n] < ' ' || text[n] == 0x7f) ? ' ' : text[n];
    }

    while (n && line[n - 1] == ' ') {
        n--;
    }

    return n;
}


size_t
dt_pg_error_text(u_char *line, size_t size, const PGresult *result)
{
    size_t       n;
    u_char      *quote;
    const char  *state, *text;

    text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (text == NULL) {
        text = PQresultErrorMessage(result);
    }

    n = dt_pg_error_line(line, size, text);

    state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (state && ngx_strncmp(state, "22", 2) == 0) {
        quote = memchr(line, '"', n);
        if (quote) {
            n = quote - line;
        }
    }

    return n;
}


int
dt_pg_column(const PGresult *result, const char *name)
{
    int  i, n;

    n = PQnfields(result);

    for (i = 0; i < n; i++) {
        if (ngx_strcmp(PQfname(result, i), name) == 0) {
            return i;
        }
    }

    return -1;
}


const char *
dt_pg_constraint(const PGresult *result)
{
    const char  *name;

    name = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    return name ? name : "";
}
