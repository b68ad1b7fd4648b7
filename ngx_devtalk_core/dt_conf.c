/*
 * The directives' arguments.
 */

#include "dt_core.h"
#include "dt_cache_zone.h"


static char *dt_conf_password(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *password);
static ngx_uint_t dt_conf_option(const ngx_str_t *arg, const char *name,
    ngx_str_t *value);
static char *dt_conf_postgres_option(ngx_conf_t *cf, ngx_str_t *arg,
    dt_pg_conf_t *pg, ngx_str_t *password);
static char *dt_conf_conninfo(ngx_conf_t *cf, const ngx_str_t *told,
    const ngx_str_t *password, ngx_str_t *conninfo);
static char *dt_conf_invalid(ngx_conf_t *cf, const ngx_str_t *arg);


char *
dt_conf_postgres(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    dt_main_conf_t *dmcf = conf;

    char          *rv;
    ngx_str_t     *args, password;
    ngx_uint_t     i;
    dt_pg_conf_t  *pg;

    args = cf->args->elts;
    pg = dmcf->postgres.elts;

    for (i = 0; i < dmcf->postgres.nelts; i++) {
        if (pg[i].name.len == args[1].len
            && ngx_strncmp(pg[i].name.data, args[1].data, args[1].len) == 0)
        {
            return "is duplicate for this service";
        }
    }

    pg = ngx_array_push(&dmcf->postgres);
    if (pg == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(pg, sizeof(dt_pg_conf_t));
    ngx_str_null(&password);

    pg->name = args[1];
    pg->connections = 4;
    pg->slow = 1;
    pg->queue = 1024;
    pg->depth = 64;
    pg->wait = 500;
    pg->timeout = 5000;

    for (i = 3; i < cf->args->nelts; i++) {
        rv = dt_conf_postgres_option(cf, &args[i], pg, &password);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return dt_conf_conninfo(cf, &args[2], &password, &pg->conninfo);
}


/* "'" and "\" of a password are escaped for libpq. */

static char *
dt_conf_conninfo(ngx_conf_t *cf, const ngx_str_t *told,
    const ngx_str_t *password, ngx_str_t *conninfo)
{
    u_char      *p;
    ngx_uint_t   i;

    conninfo->data = ngx_pnalloc(cf->pool, told->len + 2 * password->len
                                           + sizeof(" password=''"));
    if (conninfo->data == NULL) {
        return NGX_CONF_ERROR;
    }

    p = ngx_cpymem(conninfo->data, told->data, told->len);

    if (password->len) {
        p = ngx_cpymem(p, " password='", sizeof(" password='") - 1);

        for (i = 0; i < password->len; i++) {
            if (password->data[i] == '\'' || password->data[i] == '\\') {
                *p++ = '\\';
            }
            *p++ = password->data[i];
        }

        *p++ = '\'';
    }

    *p = '\0';
    conninfo->len = p - conninfo->data;

    return NGX_CONF_OK;
}


static char *
dt_conf_postgres_option(ngx_conf_t *cf, ngx_str_t *arg, dt_pg_conf_t *pg,
    ngx_str_t *password)
{
    ngx_int_t    n;
    ngx_str_t    value;
    ngx_msec_t  *time;
    ngx_uint_t  *number;

    number = NULL;
    time = NULL;

    if (dt_conf_option(arg, "password_file=", &value)) {
        return dt_conf_password(cf, &value, password);
    }

    if (dt_conf_option(arg, "connections=", &value)) {
        number = &pg->connections;

    } else if (dt_conf_option(arg, "slow=", &value)) {
        number = &pg->slow;

    } else if (dt_conf_option(arg, "queue=", &value)) {
        number = &pg->queue;

    } else if (dt_conf_option(arg, "depth=", &value)) {
        number = &pg->depth;

    } else if (dt_conf_option(arg, "wait=", &value)) {
        time = &pg->wait;

    } else if (dt_conf_option(arg, "timeout=", &value)) {
        time = &pg->timeout;

    } else {
        return dt_conf_invalid(cf, arg);
    }

    n = time ? ngx_parse_time(&value, 0) : ngx_atoi(value.data, value.len);

    if (n == NGX_ERROR || (n == 0 && number != &pg->slow)) {
        return dt_conf_invalid(cf, arg);
    }

    if (time) {
        *time = n;

    } else {
        *number = n;
    }

    return NGX_CONF_OK;
}


char *
dt_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    dt_main_conf_t *dmcf = conf;

    char        *rv;
    ngx_int_t    n;
    ngx_str_t   *args, value;
    ngx_url_t    u;
    ngx_uint_t   i;

    if (dmcf->redis_port) {
        return "is duplicate";
    }

    args = cf->args->elts;

    ngx_memzero(&u, sizeof(ngx_url_t));
    u.url = args[1];
    u.default_port = 6379;
    u.no_resolve = 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "devtalk_redis takes a numeric address and port, "
                           "not \"%V\"", &args[1]);
        return NGX_CONF_ERROR;
    }

    dmcf->redis_port = u.port;
    dmcf->redis_timeout = 250;
    dmcf->redis_host.len = u.host.len;
    dmcf->redis_host.data = ngx_pcalloc(cf->pool, u.host.len + 1);
    if (dmcf->redis_host.data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(dmcf->redis_host.data, u.host.data, u.host.len);

    for (i = 2; i < cf->args->nelts; i++) {

        if (dt_conf_option(&args[i], "password_file=", &value)) {
            rv = dt_conf_password(cf, &value, &dmcf->redis_password);
            if (rv != NGX_CONF_OK) {
                return rv;
            }

            continue;
        }

        n = dt_conf_option(&args[i], "timeout=", &value)
            ? ngx_parse_time(&value, 0) : NGX_ERROR;

        if (n == NGX_ERROR || n == 0) {
            return dt_conf_invalid(cf, &args[i]);
        }

        dmcf->redis_timeout = n;
    }

    return NGX_CONF_OK;
}


char *
dt_conf_kafka(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    dt_main_conf_t *dmcf = conf;

    ngx_str_t  *args;

    if (dmcf->kafka_brokers.len) {
        return "is duplicate";
    }

    args = cf->args->elts;
    dmcf->kafka_brokers = args[1];

    return NGX_CONF_OK;
}


char *
dt_conf_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    dt_main_conf_t *dmcf = conf;

    ssize_t           size;
    ngx_int_t         n;
    ngx_str_t        *args, value;
    static ngx_str_t  name = ngx_string("devtalk_cache");

    if (dmcf->cache_zone) {
        return "is duplicate";
    }

    args = cf->args->elts;
    size = ngx_parse_size(&args[1]);

    if (size < (ssize_t) (64 * ngx_pagesize)) {
        return "needs a size of at least 64 pages";
    }

    dmcf->cache_lifetime = 60;

    if (cf->args->nelts == 3) {
        n = dt_conf_option(&args[2], "lifetime=", &value)
            ? ngx_parse_time(&value, 1) : NGX_ERROR;

        if (n == NGX_ERROR || n == 0) {
            return dt_conf_invalid(cf, &args[2]);
        }

        dmcf->cache_lifetime = n;
    }

    dmcf->cache_zone = ngx_shared_memory_add(cf, &name, size,
                                             &ngx_devtalk_core_module);
    if (dmcf->cache_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    dmcf->cache_zone->init = dt_cache_zone_init;
    dmcf->cache_zone->data = NULL;

    return NGX_CONF_OK;
}


char *
dt_conf_jwt(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    dt_main_conf_t *dmcf = conf;

    ngx_int_t    n;
    ngx_str_t   *args, value;
    ngx_uint_t   i;

    if (dmcf->token.issuer.len) {
        return "is duplicate";
    }

    args = cf->args->elts;
    dmcf->token.lifetime = 900;

    for (i = 1; i < cf->args->nelts; i++) {

        if (dt_conf_option(&args[i], "issuer=", &value)) {
            dmcf->token.issuer = value;
            continue;
        }

        if (dt_conf_option(&args[i], "audience=", &value)) {
            dmcf->token.audience = value;
            continue;
        }

        n = dt_conf_option(&args[i], "lifetime=", &value)
            ? ngx_parse_time(&value, 1) : NGX_ERROR;

        if (n == NGX_ERROR || n < 1 || n > 900) {
            return dt_conf_invalid(cf, &args[i]);
        }

        dmcf->token.lifetime = n;
    }

    if (dmcf->token.issuer.len == 0 || dmcf->token.audience.len == 0) {
        return "needs issuer= and audience=";
    }

    return NGX_CONF_OK;
}


char *
dt_conf_jwt_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    dt_main_conf_t *dmcf = conf;

    ngx_str_t       *args;
    dt_token_key_t  *key;

    if (dmcf->token.keys == NULL) {
        dmcf->token.keys = ngx_array_create(cf->pool, 4,
                                            sizeof(dt_token_key_t));
        if (dmcf->token.keys == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    key = ngx_array_push(dmcf->token.keys);
    if (key == NULL) {
        return NGX_CONF_ERROR;
    }

    args = cf->args->elts;

    key->kid = args[1];
    key->file = args[2];
    key->signing = 0;
    key->until = 0;

    if (ngx_conf_full_name(cf->cycle, &key->file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 3) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(args[3].data, "signing") == 0) {
        key->signing = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(args[3].data, "until=", 6) == 0) {
        key->until = ngx_atotm(args[3].data + 6, args[3].len - 6);
    }

    return key->until > 0 ? NGX_CONF_OK : dt_conf_invalid(cf, &args[3]);
}


/* The first line of a file. */

static char *
dt_conf_password(ngx_conf_t *cf, ngx_str_t *file, ngx_str_t *password)
{
    FILE    *f;
    char     line[256];

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    f = fopen((char *) file->data, "r");

    if (f == NULL || fgets(line, sizeof(line), f) == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "no password can be read from \"%V\"", file);
        if (f) {
            (void) fclose(f);
        }

        return NGX_CONF_ERROR;
    }

    (void) fclose(f);

    password->len = strcspn(line, "\r\n");
    password->data = ngx_pcalloc(cf->pool, password->len + 1);
    if (password->data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(password->data, line, password->len);
    ngx_explicit_memzero(line, sizeof(line));

    return NGX_CONF_OK;
}


static ngx_uint_t
dt_conf_option(const ngx_str_t *arg, const char *name, ngx_str_t *value)
{
    size_t  len;

    len = ngx_strlen(name);

    if (arg->len <= len || ngx_strncmp(arg->data, name, len) != 0) {
        return 0;
    }

    value->data = arg->data + len;
    value->len = arg->len - len;

    return 1;
}


static char *
dt_conf_invalid(ngx_conf_t *cf, const ngx_str_t *arg)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", arg);

    return NGX_CONF_ERROR;
}
