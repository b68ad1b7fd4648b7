/*
 * What a connection is told before it is ready: its parameters, and the
 * statements it prepares.
 */

#include "dt_pg_conn.h"
#include "dt_pg_error.h"


static ngx_int_t dt_pg_setup_fill(ngx_pool_t *mem, dt_pg_pool_t *pool,
    const PQconninfoOption *options);
static ngx_int_t dt_pg_setup_given(ngx_pool_t *mem, dt_pg_pool_t *pool,
    const PQconninfoOption *options);
static void dt_pg_setup_param(dt_pg_pool_t *pool, const char *keyword,
    const void *value);
static ngx_int_t dt_pg_setup_listen(dt_pg_conn_t *conn);


ngx_int_t
dt_pg_setup_params(ngx_pool_t *mem, dt_pg_pool_t *pool)
{
    ngx_int_t          rc;
    PQconninfoOption  *options;

    options = PQconninfoParse((char *) pool->conf->conninfo.data, NULL);
    if (options == NULL) {
        return NGX_ERROR;
    }

    rc = dt_pg_setup_fill(mem, pool, options);

    if (rc == NGX_OK) {
        rc = dt_pg_host_read(mem, pool, options);
    }

    PQconninfoFree(options);

    return rc;
}


static ngx_int_t
dt_pg_setup_fill(ngx_pool_t *mem, dt_pg_pool_t *pool,
    const PQconninfoOption *options)
{
    u_char              *name, *text, *user_timeout;
    ngx_uint_t           n;
    const dt_pg_conf_t  *conf;

    conf = pool->conf;

    for (n = 0; options[n].keyword; n++) { /* void */ }

    n += DT_PG_PARAMS;

    pool->keywords = ngx_pcalloc(mem, n * sizeof(char *));
    pool->params = ngx_pcalloc(mem, n * sizeof(char *));
    name = ngx_pnalloc(mem, sizeof("devtalk-") + conf->name.len);
    text = ngx_pnalloc(mem, 128 + 2 * NGX_INT64_LEN);
    user_timeout = ngx_pnalloc(mem, NGX_INT64_LEN + 1);

    if (pool->keywords == NULL || pool->params == NULL || name == NULL
        || text == NULL || user_timeout == NULL)
    {
        return NGX_ERROR;
    }

    *ngx_sprintf(name, "devtalk-%V", &conf->name) = '\0';
    *ngx_sprintf(user_timeout, "%M", 2 * conf->timeout) = '\0';

    /*
     * A generic plan: LIMIT $1 and the like would be planned anew at each
     * call.  Who waits for a lock holds up all behind it on the connection,
     * hence half the time of a statement.
     */

    *ngx_sprintf(text, "-c plan_cache_mode=force_generic_plan "
                       "-c statement_timeout=%M -c lock_timeout=%M",
                 conf->timeout, conf->timeout / 2) = '\0';

    /* The last one counts: conninfo may say other than the first few. */

    dt_pg_setup_param(pool, "gssencmode", "disable");
    dt_pg_setup_param(pool, "keepalives_idle", "30");
    dt_pg_setup_param(pool, "keepalives_interval", "5");
    dt_pg_setup_param(pool, "keepalives_count", "3");
    dt_pg_setup_param(pool, "tcp_user_timeout", user_timeout);
    dt_pg_setup_param(pool, "target_session_attrs", "read-write");

    if (dt_pg_setup_given(mem, pool, options) != NGX_OK) {
        return NGX_ERROR;
    }

    dt_pg_setup_param(pool, "client_encoding", "UTF8");
    dt_pg_setup_param(pool, "application_name", name);
    dt_pg_setup_param(pool, "options", text);

    return NGX_OK;
}


/* What conninfo says, but for the address: see dt_pg_host.c. */

static ngx_int_t
dt_pg_setup_given(ngx_pool_t *mem, dt_pg_pool_t *pool,
    const PQconninfoOption *options)
{
    u_char                  *keyword, *value;
    const PQconninfoOption  *o;

    for (o = options; o->keyword; o++) {

        if (o->val == NULL || dt_pg_host_keyword(o->keyword)) {
            continue;
        }

        keyword = ngx_pnalloc(mem, ngx_strlen(o->keyword) + 1);
        value = ngx_pnalloc(mem, ngx_strlen(o->val) + 1);

        if (keyword == NULL || value == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(keyword, o->keyword, ngx_strlen(o->keyword) + 1);
        ngx_memcpy(value, o->val, ngx_strlen(o->val) + 1);

        dt_pg_setup_param(pool, (char *) keyword, value);
    }

    return NGX_OK;
}


static void
dt_pg_setup_param(dt_pg_pool_t *pool, const char *keyword, const void *value)
{
    pool->keywords[pool->nparams] = keyword;
    pool->params[pool->nparams++] = value;
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

        for (i = 0; i < conn->prepared && sql[i]; i++) { /* void */ }

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
