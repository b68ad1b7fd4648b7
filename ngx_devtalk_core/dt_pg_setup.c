/*
 * What a connection is told before it is ready: its parameters, and the
 * statements it prepares.
 */

#include "dt_pg_conn.h"
#include "dt_pg_error.h"


static ngx_int_t dt_pg_setup_listen(dt_pg_conn_t *conn);


ngx_int_t
dt_pg_setup_params(ngx_pool_t *mem, dt_pg_pool_t *pool)
{
    u_char              *name, *options, *user_timeout;
    ngx_uint_t           i;
    const dt_pg_conf_t  *conf;

    conf = pool->conf;

    name = ngx_pnalloc(mem, sizeof("devtalk-") + conf->name.len);
    options = ngx_pnalloc(mem, 128 + 2 * NGX_INT64_LEN);
    user_timeout = ngx_pnalloc(mem, NGX_INT64_LEN + 1);

    if (name == NULL || options == NULL || user_timeout == NULL) {
        return NGX_ERROR;
    }

    *ngx_sprintf(name, "devtalk-%V", &conf->name) = '\0';
    *ngx_sprintf(user_timeout, "%M", 2 * conf->timeout) = '\0';

    /*
     * A generic plan: LIMIT $1 and the like would be planned anew at each
     * call.  Who waits for a lock holds up all behind it on the connection,
     * hence half the time of a statement.
     */

    *ngx_sprintf(options, "-c plan_cache_mode=force_generic_plan "
                          "-c statement_timeout=%M -c lock_timeout=%M",
                 conf->timeout, conf->timeout / 2) = '\0';

    i = 0;

#define dt_pg_param(k, v)                                                     \
    pool->keywords[i] = (k);                                                  \
    pool->params[i++] = (const char *) (v)

    /* Before "dbname", which libpq takes apart: conninfo may say other. */

    dt_pg_param("gssencmode", "disable");
    dt_pg_param("keepalives_idle", "30");
    dt_pg_param("keepalives_interval", "5");
    dt_pg_param("keepalives_count", "3");
    dt_pg_param("tcp_user_timeout", user_timeout);
    dt_pg_param("target_session_attrs", "read-write");
    dt_pg_param("dbname", conf->conninfo.data);
    dt_pg_param("client_encoding", "UTF8");
    dt_pg_param("application_name", name);
    dt_pg_param("options", options);
    dt_pg_param(NULL, NULL);

#undef dt_pg_param

    return NGX_OK;
}


ngx_int_t
dt_pg_setup_send(dt_pg_conn_t *conn)
{
    const dt_sql_t *const  *sql;

    conn->prepared = 0;

    if (PQsetnonblocking(conn->pg, 1) == -1
        || !PQenterPipelineMode(conn->pg))
    {
        return NGX_ERROR;
    }

    for (sql = conn->pool->init.statements; *sql; sql++) {
        if (!PQsendPrepare(conn->pg, (*sql)->name, (*sql)->text, 0, NULL)) {
            return NGX_ERROR;
        }
    }

    if (conn->listens && dt_pg_setup_listen(conn) != NGX_OK) {
        return NGX_ERROR;
    }

    return PQpipelineSync(conn->pg) ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
dt_pg_setup_listen(dt_pg_conn_t *conn)
{
    int          rc;
    char        *channel;
    u_char       text[sizeof("LISTEN ") + 2 * NAME_MAX + 2];
    const char  *listen;

    listen = conn->pool->init.listen;

    channel = PQescapeIdentifier(conn->pg, listen, ngx_strlen(listen));
    if (channel == NULL) {
        return NGX_ERROR;
    }

    ngx_snprintf(text, sizeof(text), "LISTEN %s%Z", channel);
    text[sizeof(text) - 1] = '\0';

    PQfreemem(channel);

    rc = PQsendQueryParams(conn->pg, (char *) text, 0, NULL, NULL, NULL, NULL,
                           0);

    return rc ? NGX_OK : NGX_ERROR;
}


ngx_int_t
dt_pg_setup_answer(dt_pg_conn_t *conn, PGresult *result)
{
    size_t                  len;
    u_char                  line[DT_PG_LOG_LINE];
    ngx_int_t               rc;
    const char             *name, *state;
    ngx_uint_t              i;
    const dt_sql_t *const  *sql;

    switch (PQresultStatus(result)) {

    case PGRES_COMMAND_OK:
        conn->prepared++;
        rc = NGX_AGAIN;
        break;

    case PGRES_PIPELINE_SYNC:
        rc = NGX_OK;
        break;

    default:
        sql = conn->pool->init.statements;

        for (i = 0; sql[i] && i < conn->prepared; i++) { /* void */ }

        name = sql[i] ? sql[i]->name : "LISTEN";
        state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        len = dt_pg_error_text(line, sizeof(line), result);

        ngx_log_error(NGX_LOG_ERR, conn->pool->log, 0,
                      "postgres \"%V\": cannot prepare \"%s\": %s %*s",
                      &conn->pool->conf->name, name, state ? state : "",
                      len, line);

        rc = NGX_ERROR;
    }

    PQclear(result);

    return rc;
}


void
dt_pg_setup_notice(void *data, const char *text)
{
    dt_pg_pool_t *pool = data;

    size_t  len;
    u_char  line[DT_PG_LOG_LINE];

    len = dt_pg_error_line(line, sizeof(line), text);

    ngx_log_error(NGX_LOG_INFO, pool->log, 0, "postgres \"%V\": %*s",
                  &pool->conf->name, len, line);
}
