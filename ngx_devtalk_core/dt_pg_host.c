/*
 * Where the server is.  It may have several addresses, of which only one
 * takes writes at a time; the pool stays with the one that did, and goes on
 * to the next when it cannot be used any more.  libpq would try all of them
 * by itself, but it waits for one that says nothing, and would begin with it
 * again each time.
 */

#include "dt_pg_conn.h"


static const char *dt_pg_host_value(const PQconninfoOption *options,
    const char *keyword);
static ngx_uint_t dt_pg_host_count(const char *list);
static ngx_int_t dt_pg_host_item(ngx_pool_t *mem, const char *list,
    ngx_uint_t i, const char **item);


ngx_int_t
dt_pg_host_read(ngx_pool_t *mem, dt_pg_pool_t *pool,
    const PQconninfoOption *options)
{
    ngx_uint_t     i;
    const char    *host, *hostaddr, *port;
    dt_pg_host_t  *hosts;

    host = dt_pg_host_value(options, "host");
    hostaddr = dt_pg_host_value(options, "hostaddr");
    port = dt_pg_host_value(options, "port");

    pool->nhosts = dt_pg_host_count(hostaddr ? hostaddr : host);

    hosts = ngx_pcalloc(mem, pool->nhosts * sizeof(dt_pg_host_t));
    if (hosts == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < pool->nhosts; i++) {

        if (dt_pg_host_item(mem, host, i, &hosts[i].host) != NGX_OK
            || dt_pg_host_item(mem, hostaddr, i, &hosts[i].hostaddr) != NGX_OK
            || dt_pg_host_item(mem, port, i, &hosts[i].port) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    pool->hosts = hosts;

    return NGX_OK;
}


static const char *
dt_pg_host_value(const PQconninfoOption *options, const char *keyword)
{
    const PQconninfoOption  *o;

    for (o = options; o->keyword; o++) {
        if (ngx_strcmp(o->keyword, keyword) == 0) {
            return o->val;
        }
    }

    return NULL;
}


static ngx_uint_t
dt_pg_host_count(const char *list)
{
    ngx_uint_t  n;

    n = 1;

    while (list) {
        list = ngx_strchr(list, ',');

        if (list) {
            list++;
            n++;
        }
    }

    return n;
}


/* The last one stands for all that are missing: a port for all hosts. */

static ngx_int_t
dt_pg_host_item(ngx_pool_t *mem, const char *list, ngx_uint_t i,
    const char **item)
{
    u_char      *copy;
    size_t       len;
    const char  *comma;

    if (list == NULL) {
        return NGX_OK;
    }

    for (comma = ngx_strchr(list, ','); i && comma; i--) {
        list = comma + 1;
        comma = ngx_strchr(list, ',');
    }

    len = comma ? (size_t) (comma - list) : ngx_strlen(list);

    copy = ngx_pnalloc(mem, len + 1);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(copy, list, len);
    copy[len] = '\0';

    *item = (char *) copy;

    return NGX_OK;
}


ngx_uint_t
dt_pg_host_keyword(const char *keyword)
{
    return ngx_strcmp(keyword, "host") == 0
           || ngx_strcmp(keyword, "hostaddr") == 0
           || ngx_strcmp(keyword, "port") == 0;
}


/* Behind the others, which stay: see DT_PG_PARAMS. */

void
dt_pg_host_params(dt_pg_pool_t *pool)
{
    const char          **keyword, **param;
    const dt_pg_host_t   *host;

    host = &pool->hosts[pool->host];
    keyword = &pool->keywords[pool->nparams];
    param = &pool->params[pool->nparams];

    keyword[0] = "host";
    param[0] = host->host;
    keyword[1] = "hostaddr";
    param[1] = host->hostaddr;
    keyword[2] = "port";
    param[2] = host->port;
    keyword[3] = NULL;
    param[3] = NULL;
}


ngx_uint_t
dt_pg_host_next(dt_pg_pool_t *pool)
{
    pool->host = (pool->host + 1) % pool->nhosts;

    if (++pool->tried < pool->nhosts) {
        return 1;
    }

    pool->tried = 0;

    return 0;
}
