/*
 * Services in nginx's configuration, and their pools in a worker.
 */

#include "dt_core.h"
#include "dt_worker.h"


static dt_service_conf_t *dt_service_register(ngx_conf_t *cf,
    dt_main_conf_t *dmcf, const dt_service_t *service);
static ngx_int_t dt_service_route(ngx_conf_t *cf, dt_loc_conf_t *dlcf,
    const dt_service_conf_t *sc);


char *
dt_service_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    dt_loc_conf_t             *dlcf;
    dt_main_conf_t            *dmcf;
    dt_service_conf_t         *sc;
    const dt_service_t        *service;
    ngx_http_core_loc_conf_t  *clcf;

    service = cmd->post;

    if (service->abi != DT_ABI) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "module of service \"%s\" was built for another "
                           "core: ABI %ui, not %d",
                           service->name, service->abi, DT_ABI);
        return NGX_CONF_ERROR;
    }

    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_devtalk_core_module);
    dlcf = ngx_http_conf_get_module_loc_conf(cf, ngx_devtalk_core_module);

    if (dlcf->router == NULL) {
        dlcf->router = dt_router_create(cf->pool);
    }

    sc = dt_service_register(cf, dmcf, service);

    if (dlcf->router == NULL || sc == NULL
        || dt_service_route(cf, dlcf, sc) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = dt_call_handler;

    return NGX_CONF_OK;
}


static dt_service_conf_t *
dt_service_register(ngx_conf_t *cf, dt_main_conf_t *dmcf,
    const dt_service_t *service)
{
    ngx_uint_t          i;
    dt_service_conf_t  *sc;

    sc = dmcf->services.elts;

    for (i = 0; i < dmcf->services.nelts; i++) {
        if (sc[i].service == service) {
            return &sc[i];
        }
    }

    if (dmcf->services.nelts == DT_SERVICES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "more than %d services", DT_SERVICES);
        return NULL;
    }

    sc = ngx_array_push(&dmcf->services);
    if (sc == NULL) {
        return NULL;
    }

    sc->service = service;
    sc->pg = NULL;
    sc->first_route = dmcf->routes;

    for (i = 0; service->routes[i].pattern; i++) {
        dmcf->routes++;
    }

    return sc;
}


static ngx_int_t
dt_service_route(ngx_conf_t *cf, dt_loc_conf_t *dlcf,
    const dt_service_conf_t *sc)
{
    ngx_int_t          rc;
    ngx_uint_t         i;
    const dt_route_t  *route;

    route = sc->service->routes;

    for (i = 0; route[i].pattern; i++) {

        rc = route[i].access == 0 || route[i].steps == NULL
             ? NGX_DECLINED
             : dt_router_add(dlcf->router, sc->service, &route[i],
                             sc->first_route + i);

        if (rc == NGX_DECLINED) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "route \"%s\" of service \"%s\" has no access "
                               "rule, no steps, no good pattern or is taken",
                               route[i].pattern, sc->service->name);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
dt_services_configure(ngx_conf_t *cf, dt_main_conf_t *dmcf)
{
    size_t              len;
    ngx_uint_t          i, j;
    dt_pg_conf_t       *pg;
    dt_service_conf_t  *sc;

    sc = dmcf->services.elts;
    pg = dmcf->postgres.elts;

    dmcf->route = ngx_palloc(cf->pool, dmcf->routes * sizeof(dt_route_t *));
    if (dmcf->route == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < dmcf->services.nelts; i++) {

        len = ngx_strlen(sc[i].service->name);

        for (j = 0; j < dmcf->postgres.nelts; j++) {
            if (pg[j].name.len == len
                && ngx_strncmp(pg[j].name.data, sc[i].service->name, len)
                   == 0)
            {
                sc[i].pg = &pg[j];
            }
        }

        if (sc[i].pg == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "service \"%s\" is enabled, but there is no "
                               "\"devtalk_postgres %s ...\"",
                               sc[i].service->name, sc[i].service->name);
            return NGX_ERROR;
        }

        for (j = 0; sc[i].service->routes[j].pattern; j++) {
            dmcf->route[sc[i].first_route + j] = &sc[i].service->routes[j];
        }
    }

    return NGX_OK;
}


ngx_uint_t
dt_service_index(const dt_service_t *service)
{
    ngx_uint_t                i;
    const dt_main_conf_t     *dmcf;
    const dt_service_conf_t  *sc;

    dmcf = dt_main_conf();
    sc = dmcf->services.elts;

    for (i = 0; sc[i].service != service; i++) { /* void */ }

    return i;
}
