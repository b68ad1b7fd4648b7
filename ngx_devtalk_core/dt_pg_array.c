#include "dt_pg.h"


static u_char *dt_pg_array_item(u_char *p, const ngx_str_t *item);


char *
dt_pg_array(ngx_pool_t *pool, const ngx_str_t *items, ngx_uint_t n)
{
    size_t       len;
    u_char      *array, *p;
    ngx_uint_t   i;

    len = sizeof("{}");

    for (i = 0; i < n; i++) {
        len += 2 * items[i].len + sizeof("\"\",") - 1;
    }

    array = ngx_pnalloc(pool, len);
    if (array == NULL) {
        return NULL;
    }

    p = array;
    *p++ = '{';

    for (i = 0; i < n; i++) {

        if (i) {
            *p++ = ',';
        }

        p = dt_pg_array_item(p, &items[i]);
    }

    *p++ = '}';
    *p = '\0';

    return (char *) array;
}


/* Always quoted: so NULL, blanks, braces and commas are text. */

static u_char *
dt_pg_array_item(u_char *p, const ngx_str_t *item)
{
    size_t  i;

    *p++ = '"';

    for (i = 0; i < item->len; i++) {

        if (item->data[i] == '"' || item->data[i] == '\\') {
            *p++ = '\\';
        }

        *p++ = item->data[i];
    }

    *p++ = '"';

    return p;
}
