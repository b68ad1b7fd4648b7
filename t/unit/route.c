
/* The router: ngx_devtalk_core/dt_route.c. */

/* sources: ngx_devtalk_core/dt_route.c */
/* libs: -ljansson */

#include "tap.h"
#include "dt_route.h"


#define ROUTE(method, pattern)                                                \
    { method, pattern, DT_ANYONE, DT_RATE_READ, NULL, NULL }

enum {
    LIST, CREATE, FEED, READ, UPDATE, DELETE, COMMENTS, COMMENT_DELETE,
    FAVORITE, FOUR, DOTS, ROUTES
};

static const dt_route_t  routes[] = {
    ROUTE(DT_GET, "/api/articles"),
    ROUTE(DT_POST, "/api/articles"),
    ROUTE(DT_GET, "/api/articles/feed"),
    ROUTE(DT_GET, "/api/articles/{slug}"),
    ROUTE(DT_PUT, "/api/articles/{slug}"),
    ROUTE(DT_DELETE, "/api/articles/{slug}"),
    ROUTE(DT_GET, "/api/articles/{slug}/comments"),
    ROUTE(DT_DELETE, "/api/articles/{slug}/comments/{id}"),
    ROUTE(DT_POST, "/api/articles/{name}/favorite"),
    ROUTE(DT_GET, "/api/{a}/{b}/{c}/{d}/all"),
    ROUTE(DT_GET, "/api/.well-known/a_b~c"),
};

/* Never looked into by the router. */
static const dt_service_t  *const  service = (const dt_service_t *) routes;


static dt_match_t
find(dt_router_t *router, ngx_uint_t method, const char *path)
{
    ngx_str_t   slice;
    dt_match_t  match;

    slice = tap_slice(path, strlen(path));

    memset(&match, 0xa5, sizeof(match));
    dt_router_find(router, method, &slice, &match);

    return match;
}


static void
finds(dt_router_t *router, ngx_uint_t method, const char *path, int which)
{
    dt_match_t  match;

    match = find(router, method, path);

    ok(match.route == &routes[which] && match.service == service
       && match.index == (ngx_uint_t) which + 100,
       "%u %s finds %s", (unsigned) method, path, routes[which].pattern);
}


static void
misses(dt_router_t *router, ngx_uint_t method, const char *path,
    ngx_uint_t allow)
{
    dt_match_t  match;

    match = find(router, method, path);

    ok(match.route == NULL && match.service == NULL,
       "%u %s finds nothing", (unsigned) method, path);
    is(match.allow, allow, "%u %s: allowed methods", (unsigned) method, path);
}


static void
refuses(const char *pattern)
{
    dt_route_t    route = ROUTE(DT_GET, pattern);
    dt_router_t  *router;

    router = dt_router_create(tap_pool);

    is(dt_router_add(router, service, &route, 0), NGX_DECLINED,
       "no pattern of ours: %s", pattern ? pattern : "NULL");
}


static void
test_patterns(void)
{
    size_t       i;
    dt_route_t   route;

    static const char  *bad[] = {
        "", "/", "api", "api/x", "/api/", "//api", "/api//x", "/{}", "/{",
        "/{a", "/a}", "/x{a}", "/{a}x", "/{a-b}", "/{a}{b}", "/a b", "/a%20",
        "/a?b", "/a*", "/\xd1\x8f", "/{a}/{b}/{c}/{d}/{e}"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refuses(bad[i]);
    }

    refuses(NULL);

    route = routes[0];
    route.access = 0;
    is(dt_router_add(dt_router_create(tap_pool), service, &route, 0),
       NGX_DECLINED, "a route without an access rule");

    route = routes[0];
    route.rate = 0;
    is(dt_router_add(dt_router_create(tap_pool), service, &route, 0),
       NGX_DECLINED, "a route without a rate class");

    route = routes[0];
    route.method = 0;
    is(dt_router_add(dt_router_create(tap_pool), service, &route, 0),
       NGX_DECLINED, "a route without a method");

    route.method = DT_METHODS;
    is(dt_router_add(dt_router_create(tap_pool), service, &route, 0),
       NGX_DECLINED, "a route with a method that is none");
}


static dt_router_t *
test_add(void)
{
    ngx_int_t     i;
    dt_route_t    same;
    dt_router_t  *router;

    router = dt_router_create(tap_pool);

    misses(router, DT_GET, "/api/articles", 0);

    /* From the last to the first: the order must not matter. */

    for (i = ROUTES - 1; i >= 0; i--) {
        is(dt_router_add(router, service, &routes[i], i + 100), NGX_OK,
           "%s is added", routes[i].pattern);
    }

    same = routes[READ];
    is(dt_router_add(router, service, &same, 1), NGX_DECLINED,
       "the same method and pattern");

    same.pattern = "/api/articles/{other}";
    is(dt_router_add(router, service, &same, 1), NGX_DECLINED,
       "the same pattern under another parameter's name");

    finds(router, DT_GET, "/api/articles/x", READ);

    return router;
}


static void
test_find(dt_router_t *router)
{
    size_t      i;
    ngx_str_t   empty = ngx_null_string;
    dt_match_t  match;

    static const char  *nowhere[] = {
        "/", "/api", "/api/", "/api/articles/", "//api/articles",
        "/api//articles", "/api/articles//comments", "/api/articlesx",
        "/api/article", "/API/articles", "api/articles", "x/api/articles",
        "/api/articles/x/comments/", "/api/articles/x/comments/1/2", "*",
        "/api/articles/x/likes"
    };

    finds(router, DT_GET, "/api/articles", LIST);
    finds(router, DT_POST, "/api/articles", CREATE);
    finds(router, DT_PUT, "/api/articles/a", UPDATE);
    finds(router, DT_DELETE, "/api/articles/a", DELETE);
    finds(router, DT_GET, "/api/.well-known/a_b~c", DOTS);

    for (i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        misses(router, DT_GET, nowhere[i], 0);
    }

    dt_router_find(router, DT_GET, &empty, &match);
    ok(match.route == NULL && match.allow == 0, "an empty path");

    misses(router, 0, "/api/articles", 1 << DT_GET | 1 << DT_POST);
    misses(router, DT_PUT, "/api/articles", 1 << DT_GET | 1 << DT_POST);
    misses(router, DT_METHODS, "/api/articles", 1 << DT_GET | 1 << DT_POST);
    misses(router, 1000000, "/api/articles", 1 << DT_GET | 1 << DT_POST);
}


static void
test_params(dt_router_t *router)
{
    dt_match_t  match;

    match = find(router, DT_GET, "/api/articles/how-to");
    is_str(&match.params[0], "how-to", "one parameter");
    ok(match.params[1].len == 0 && match.params[1].data == NULL,
       "and no second one");

    match = find(router, DT_DELETE, "/api/articles/how to\xd1\x8f/comments/5");
    is_str(&match.params[0], "how to\xd1\x8f", "the first of two");
    is_str(&match.params[1], "5", "the second of two");

    match = find(router, DT_GET, "/api/1/22/333/4444/all");
    ok(match.route == &routes[FOUR], "four parameters");
    is_str(&match.params[0], "1", "the first");
    is_str(&match.params[1], "22", "the second");
    is_str(&match.params[2], "333", "the third");
    is_str(&match.params[3], "4444", "the fourth");

    match = find(router, DT_GET, "/api/articles/{slug}");
    is_str(&match.params[0], "{slug}", "braces in a path are text");
}


static void
test_literal_first(dt_router_t *router)
{
    dt_match_t  match;

    finds(router, DT_GET, "/api/articles/feed", FEED);
    finds(router, DT_GET, "/api/articles/feedx", READ);
    finds(router, DT_GET, "/api/articles/fee", READ);
    finds(router, DT_PUT, "/api/articles/feed", UPDATE);
    finds(router, DT_GET, "/api/articles/feed/comments", COMMENTS);
    finds(router, DT_GET, "/api/articles/b/c/d/all", FOUR);

    misses(router, DT_POST, "/api/articles/feed",
           1 << DT_GET | 1 << DT_PUT | 1 << DT_DELETE);

    match = find(router, DT_GET, "/api/articles/feed");
    ok(match.params[0].len == 0, "a literal leaves no parameter behind");
}


static void
test_many(void)
{
    char          pattern[32][24];
    dt_route_t    route[32];
    dt_match_t    match;
    ngx_uint_t    i;
    dt_router_t  *router;

    router = dt_router_create(tap_pool);

    for (i = 0; i < 32; i++) {
        snprintf(pattern[i], sizeof(pattern[i]), "/api/noun%u", (unsigned) i);
        route[i] = routes[0];
        route[i].pattern = pattern[i];
        dt_router_add(router, service, &route[i], i);
    }

    for (i = 0; i < 32; i++) {
        match = find(router, DT_GET, pattern[i]);

        if (match.route != &route[i] || match.index != i) {
            break;
        }
    }

    is(i, 32, "many literals side by side");
}


static void
test_long_path(dt_router_t *router)
{
    size_t      i;
    char        path[32768];
    uint64_t    start;
    dt_match_t  match;

    for (i = 0; i < sizeof(path) - 1; i++) {
        path[i] = (i % 2) ? 'a' : '/';
    }

    path[i] = '\0';

    start = tap_clock();
    match = find(router, DT_GET, path);
    note("a path of %u bytes: %u ns", (unsigned) i,
         (unsigned) (tap_clock() - start));

    ok(match.route == NULL, "a path of many segments");
}


int
main(void)
{
    dt_router_t  *router;

    tap_start();

    test_patterns();
    router = test_add();
    test_find(router);
    test_params(router);
    test_literal_first(router);
    test_many();
    test_long_path(router);

    return done();
}
