
/*
 * The tree that finds a route: a node for each segment of the patterns.
 *
 * A node may have several literal children and one for a parameter, whatever
 * the patterns call it.  A path goes down the literal child first and comes
 * back for the parameter, so that "/articles/feed" does not hide
 * "/articles/{slug}/comments" from an article called "feed".  Each node is
 * looked at once a path at most: the work is bounded by the tree, not by the
 * path.
 */

#include "dt_route.h"


typedef struct dt_router_node_s  dt_router_node_t;

typedef struct {
    const dt_route_t    *route;         /* NULL: the method is not known */
    const dt_service_t  *service;
    ngx_uint_t           index;
    ngx_str_t            label;
} dt_router_entry_t;

struct dt_router_node_s {
    ngx_str_t            segment;       /* literal; a slice of the pattern */
    dt_router_node_t    *next;          /* literal sibling */
    dt_router_node_t    *literals;
    dt_router_node_t    *param;
    dt_router_entry_t    entries[DT_METHODS];
};

struct dt_router_s {
    ngx_pool_t          *pool;
    dt_router_node_t     root;
};


typedef struct {
    ngx_uint_t           method;
    ngx_str_t            params[DT_ROUTE_PARAMS];
    dt_match_t          *match;
} dt_router_walk_t;


static ngx_int_t dt_router_label(dt_router_t *router,
    const dt_route_t *route, ngx_str_t *label);
static ngx_int_t dt_router_pattern(const char *pattern);
static ngx_int_t dt_router_segment(const ngx_str_t *segment,
    ngx_uint_t *params);
static ngx_uint_t dt_router_cut(const u_char **path, const u_char *end,
    ngx_str_t *segment);
static dt_router_node_t *dt_router_child(dt_router_t *router,
    dt_router_node_t *node, const ngx_str_t *segment);
static void dt_router_walk(const dt_router_node_t *node, const u_char *path,
    const u_char *end, ngx_uint_t nparams, dt_router_walk_t *walk);
static void dt_router_arrive(const dt_router_node_t *node,
    ngx_uint_t nparams, dt_router_walk_t *walk);


const char *const  dt_method_names[DT_METHODS] = {
    "", "GET", "POST", "PUT", "DELETE"
};


dt_router_t *
dt_router_create(ngx_pool_t *pool)
{
    dt_router_t  *router;

    router = ngx_pcalloc(pool, sizeof(dt_router_t));
    if (router == NULL) {
        return NULL;
    }

    router->pool = pool;

    return router;
}


ngx_int_t
dt_router_add(dt_router_t *router, const dt_service_t *service,
    const dt_route_t *route, ngx_uint_t index)
{
    ngx_str_t           segment;
    const u_char       *p, *end;
    dt_router_node_t   *node;
    dt_router_entry_t  *entry;

    if (route->method < DT_GET || route->method >= DT_METHODS
        || route->access == 0 || route->rate == 0
        || dt_router_pattern(route->pattern) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    p = (const u_char *) route->pattern;
    end = p + ngx_strlen(p);
    node = &router->root;

    while (dt_router_cut(&p, end, &segment)) {
        node = dt_router_child(router, node, &segment);
        if (node == NULL) {
            return NGX_ERROR;
        }
    }

    entry = &node->entries[route->method];

    if (entry->route) {
        return NGX_DECLINED;
    }

    if (dt_router_label(router, route, &entry->label) != NGX_OK) {
        return NGX_ERROR;
    }

    entry->route = route;
    entry->service = service;
    entry->index = index;

    return NGX_OK;
}


static ngx_int_t
dt_router_label(dt_router_t *router, const dt_route_t *route,
    ngx_str_t *label)
{
    size_t       size;
    const char  *method;

    method = dt_method_names[route->method];
    size = ngx_strlen(method) + sizeof(" ") - 1 + ngx_strlen(route->pattern);

    label->data = ngx_pnalloc(router->pool, size);
    if (label->data == NULL) {
        return NGX_ERROR;
    }

    label->len = ngx_snprintf(label->data, size, "%s %s", method,
                              route->pattern)
                 - label->data;

    return NGX_OK;
}


static ngx_int_t
dt_router_pattern(const char *pattern)
{
    ngx_str_t      segment;
    ngx_uint_t     params;
    const u_char  *p, *end;

    if (pattern == NULL) {
        return NGX_DECLINED;
    }

    p = (const u_char *) pattern;
    end = p + ngx_strlen(p);
    params = 0;

    if (p == end) {
        return NGX_DECLINED;
    }

    while (p < end) {
        if (!dt_router_cut(&p, end, &segment)
            || dt_router_segment(&segment, &params) != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/* "{name}", or what RFC 3986 calls unreserved. */

static ngx_int_t
dt_router_segment(const ngx_str_t *segment, ngx_uint_t *params)
{
    u_char      ch;
    size_t      i, last;
    ngx_uint_t  param;

    i = 0;
    last = segment->len;
    param = (segment->data[0] == '{');

    if (param) {
        if (last < 3 || segment->data[last - 1] != '}'
            || ++*params > DT_ROUTE_PARAMS)
        {
            return NGX_DECLINED;
        }

        i++;
        last--;
    }

    for ( /* void */ ; i < last; i++) {
        ch = segment->data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9') || ch == '_')
        {
            continue;
        }

        if (!param && (ch == '-' || ch == '.' || ch == '~')) {
            continue;
        }

        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* Takes "/segment" from the front of the path; 0 at its end and where a
 * segment is empty. */

static ngx_uint_t
dt_router_cut(const u_char **path, const u_char *end, ngx_str_t *segment)
{
    const u_char  *p;

    p = *path;

    if (p == end || *p != '/') {
        return 0;
    }

    segment->data = (u_char *) ++p;

    while (p < end && *p != '/') {
        p++;
    }

    segment->len = p - segment->data;
    *path = p;

    return segment->len != 0;
}


static dt_router_node_t *
dt_router_child(dt_router_t *router, dt_router_node_t *node,
    const ngx_str_t *segment)
{
    dt_router_node_t  *child, **place;

    if (segment->data[0] == '{') {
        place = &node->param;

    } else {
        for (place = &node->literals; *place; place = &(*place)->next) {
            child = *place;

            if (child->segment.len == segment->len
                && ngx_memcmp(child->segment.data, segment->data,
                              segment->len)
                   == 0)
            {
                break;
            }
        }
    }

    if (*place == NULL) {
        child = ngx_pcalloc(router->pool, sizeof(dt_router_node_t));
        if (child == NULL) {
            return NULL;
        }

        child->segment = *segment;
        *place = child;
    }

    return *place;
}


void
dt_router_find(const dt_router_t *router, ngx_uint_t method,
    const ngx_str_t *path, dt_match_t *match)
{
    dt_router_walk_t  walk;

    ngx_memzero(match, sizeof(dt_match_t));

    if (path->len == 0) {
        return;
    }

    ngx_memzero(&walk, sizeof(dt_router_walk_t));

    walk.method = (method < DT_METHODS) ? method : 0;
    walk.match = match;

    dt_router_walk(&router->root, path->data, path->data + path->len, 0,
                   &walk);
}


static void
dt_router_walk(const dt_router_node_t *node, const u_char *path,
    const u_char *end, ngx_uint_t nparams, dt_router_walk_t *walk)
{
    ngx_str_t                segment;
    const dt_router_node_t  *child;

    if (path == end) {
        dt_router_arrive(node, nparams, walk);
        return;
    }

    if (!dt_router_cut(&path, end, &segment)) {
        return;
    }

    for (child = node->literals; child; child = child->next) {
        if (child->segment.len == segment.len
            && ngx_memcmp(child->segment.data, segment.data, segment.len)
               == 0)
        {
            dt_router_walk(child, path, end, nparams, walk);
            break;
        }
    }

    /* The pattern check bounds nparams. */

    if (node->param) {
        walk->params[nparams] = segment;
        dt_router_walk(node->param, path, end, nparams + 1, walk);
    }
}


/* The first node that knows the method wins; all that match the path say
 * what is allowed. */

static void
dt_router_arrive(const dt_router_node_t *node, ngx_uint_t nparams,
    dt_router_walk_t *walk)
{
    ngx_uint_t                method;
    dt_match_t               *match;
    const dt_router_entry_t  *entry;

    match = walk->match;

    for (method = DT_GET; method < DT_METHODS; method++) {
        entry = &node->entries[method];

        if (entry->route == NULL) {
            continue;
        }

        match->allow |= (ngx_uint_t) 1 << method;

        if (method != walk->method || match->route) {
            continue;
        }

        match->route = entry->route;
        match->service = entry->service;
        match->index = entry->index;
        match->label = entry->label;
        ngx_memcpy(match->params, walk->params, nparams * sizeof(ngx_str_t));
    }
}
