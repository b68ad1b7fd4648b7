/*
 * Method, path and query string: the router with the routes of all services,
 * and the rules of each route that takes a query string.  An input is
 * "GET /path?query", the path unescaped as nginx hands it on.
 */

/* sources: t/fuzz/lib/services.c */
/* sources: ngx_devtalk_auth/ngx_devtalk_auth_module.c ngx_devtalk_auth/auth_user.c ngx_devtalk_auth/auth_session.c ngx_devtalk_auth/auth_grant.c ngx_devtalk_auth/auth_rule.c */
/* sources: ngx_devtalk_articles/ngx_devtalk_articles_module.c */
/* sources: ngx_devtalk_comments/ngx_devtalk_comments_module.c */
/* sources: ngx_devtalk_core/dt_route.c ngx_devtalk_core/dt_query_string.c */
/* sources: ngx_devtalk_core/dt_rule.c ngx_devtalk_core/dt_utf8.c */
/* sources: ngx_devtalk_core/dt_cursor.c */
/* libs: -no-pie -Wl,--unresolved-symbols=ignore-all -ljansson */

#include "fuzz.h"
#include "lib/services.h"


static dt_router_t  *router;


/* Segment by segment, with the most literal of the routes first: does "route"
 * fit?  Its parameters come in the order they stand. */

static ngx_uint_t
fits(const dt_route_t *route, const ngx_str_t *path, ngx_str_t *params,
    u_char *literal)
{
    u_char      *p, *last;
    const char  *pattern;

    pattern = route->pattern;
    p = path->data;
    last = p + path->len;

    while (*pattern && p < last) {

        if (*pattern == '{') {
            params->data = p;

            while (p < last && *p != '/') {
                p++;
            }

            params->len = p - params->data;

            if (params->len == 0) {
                return 0;
            }

            params++;
            *literal++ = 'b';
            pattern = strchr(pattern, '}') + 1;
            continue;
        }

        if ((u_char) *pattern != *p) {
            return 0;
        }

        if (*pattern == '/') {
            *literal++ = 'a';
        }

        pattern++;
        p++;
    }

    *literal = '\0';

    return *pattern == '\0' && p == last;
}


/* The route by looking at each of them. */

static const dt_route_t *
expected(ngx_uint_t method, const ngx_str_t *path, ngx_str_t *params,
    ngx_uint_t *allow)
{
    u_char             literal[128], best[128];
    ngx_str_t          some[DT_ROUTE_PARAMS];
    ngx_uint_t         i;
    const dt_route_t  *route, *found;

    found = NULL;
    *allow = 0;

    for (i = 0; i < SERVICES; i++) {
        for (route = services[i]->routes; route->pattern; route++) {
            ngx_memzero(some, sizeof(some));

            if (!fits(route, path, some, literal)) {
                continue;
            }

            *allow |= 1 << route->method;

            if (route->method == method
                && (found == NULL
                    || strcmp((char *) literal, (char *) best) < 0))
            {
                found = route;
                ngx_cpystrn(best, literal, sizeof(best));
                ngx_memcpy(params, some, sizeof(some));
            }
        }
    }

    return found;
}


static void
routes(ngx_uint_t method, const ngx_str_t *path)
{
    ngx_str_t          params[DT_ROUTE_PARAMS];
    ngx_uint_t         i, allow;
    dt_match_t         match;
    const dt_route_t  *route;

    ngx_memzero(params, sizeof(params));
    dt_router_find(router, method, path, &match);
    route = expected(method, path, params, &allow);

    must(match.route == route);
    must(match.allow == allow);

    if (route == NULL) {
        return;
    }

    must(match.service->routes[match.index % 100].pattern == route->pattern);

    for (i = 0; i < DT_ROUTE_PARAMS; i++) {
        must(match.params[i].data == params[i].data);
        must(match.params[i].len == params[i].len);
    }
}


static void
query(const dt_input_t *input, void *data)
{
    dt_value_t      values[DT_INPUT_FIELDS];
    dt_error_e      error;
    dt_problems_t   problems;

    problems.n = 0;
    error = dt_input_query(fuzz_pool, input, data, values, &problems);
    services_taken(input, error, values, &problems);
}


void
fuzz_start(void)
{
    ngx_uint_t         i, n;
    const dt_route_t  *route;

    services_start();

    router = dt_router_create(ngx_cycle->pool);
    must(router != NULL);

    for (i = 0; i < SERVICES; i++) {
        for (n = 0; services[i]->routes[n].pattern; n++) {
            route = &services[i]->routes[n];
            must(dt_router_add(router, services[i], route, 100 * i + n)
                 == NGX_OK);
        }
    }
}


void
fuzz_one(ngx_str_t input)
{
    ngx_str_t   name, path, args;
    ngx_uint_t  method;

    name = fuzz_cut(&input, ' ');
    path = fuzz_cut(&input, '?');
    args = fuzz_take(&input, input.len);

    for (method = DT_METHODS - 1; method > 0; method--) {
        if (name.len == strlen(dt_method_names[method])
            && ngx_strncmp(name.data, dt_method_names[method], name.len)
               == 0)
        {
            break;
        }
    }

    routes(method, &path);
    services_inputs(DT_IN_QUERY, query, &args);
}
