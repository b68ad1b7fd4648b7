/*
 * Articles written, edited, deleted.
 */

#include "articles.h"
#include "article_slug.h"
#include "articles_sql.h"


/* Two slugs of a title: the plain one, and one that nobody else has. */
typedef struct {
    u_char   plain[ARTICLE_SLUG_SIZE];
    u_char   unique[ARTICLE_SLUG_SIZE];
} article_slugs_t;


static ngx_int_t article_slugs_make(dt_call_t *call, article_slugs_t *slugs);
static ngx_int_t article_insert_as(dt_call_t *call, ngx_uint_t again);
static ngx_int_t article_update_as(dt_call_t *call, ngx_uint_t again);
static const char *article_text(dt_call_t *call, ngx_uint_t field);
static ngx_int_t article_tags(dt_call_t *call, const char **tags);


ngx_int_t
article_slugs(dt_call_t *call)
{
    article_slugs_t  *slugs;

    slugs = ngx_pcalloc(call->pool, sizeof(article_slugs_t));

    if (slugs == NULL
        || (call->input[ARTICLE_TITLE].presence == DT_SET
            && article_slugs_make(call, slugs) != NGX_OK))
    {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    call->data = slugs;

    return DT_NEXT;
}


static ngx_int_t
article_slugs_make(dt_call_t *call, article_slugs_t *slugs)
{
    size_t    len;
    uint64_t  seed;

    seed = ((uint64_t) ngx_random() << 31) ^ (uint64_t) ngx_random();

    len = article_slug_make(&call->input[ARTICLE_TITLE].text, slugs->plain,
                            ARTICLE_SLUG_MAX);
    slugs->plain[len] = '\0';

    len = article_slug_suffix(slugs->plain, len, seed, slugs->unique);
    slugs->unique[len] = '\0';

    /* a title without a letter that we can spell */

    if (slugs->plain[0] == '\0') {
        ngx_memcpy(slugs->plain, slugs->unique, len + 1);
    }

    return NGX_OK;
}


ngx_int_t
article_insert(dt_call_t *call)
{
    return article_insert_as(call, 0);
}


/* Another request took the slug between our look and our write. */

ngx_int_t
article_insert_again(dt_call_t *call)
{
    return call->rows ? DT_NEXT : article_insert_as(call, 1);
}


static ngx_int_t
article_insert_as(dt_call_t *call, ngx_uint_t again)
{
    const char       *tags;
    article_slugs_t  *slugs;

    slugs = call->data;

    if (article_tags(call, &tags) != NGX_OK) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    const char  *values[] = {
        dt_call_viewer(call),
        (char *) (again ? slugs->unique : slugs->plain),
        (char *) slugs->unique,
        article_text(call, ARTICLE_TITLE),
        article_text(call, ARTICLE_DESCRIPTION),
        article_text(call, ARTICLE_BODY),
        tags ? tags : "{}",
        (char *) call->traceparent.data
    };

    return again ? dt_query(call, &sql_article_create, values)
                 : dt_query_try(call, &sql_article_create, values);
}


ngx_int_t
article_update(dt_call_t *call)
{
    return article_update_as(call, 0);
}


ngx_int_t
article_update_again(dt_call_t *call)
{
    return call->rows ? DT_NEXT : article_update_as(call, 1);
}


static ngx_int_t
article_update_as(dt_call_t *call, ngx_uint_t again)
{
    const char       *tags, *etags;
    ngx_uint_t        titled;
    article_slugs_t  *slugs;

    slugs = call->data;
    titled = call->input[ARTICLE_TITLE].presence == DT_SET;

    if (article_tags(call, &tags) != NGX_OK
        || dt_call_if_match(call, &etags) != NGX_OK)
    {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    const char  *values[] = {
        dt_call_viewer(call),
        dt_call_param(call, 0),
        article_text(call, ARTICLE_TITLE),
        article_text(call, ARTICLE_DESCRIPTION),
        article_text(call, ARTICLE_BODY),
        tags,
        titled ? (char *) (again ? slugs->unique : slugs->plain) : NULL,
        titled ? (char *) slugs->unique : NULL,
        (char *) call->traceparent.data,
        etags
    };

    return again ? dt_query(call, &sql_article_update, values)
                 : dt_query_try(call, &sql_article_update, values);
}


ngx_int_t
article_delete(dt_call_t *call)
{
    const char  *etags;

    if (dt_call_if_match(call, &etags) != NGX_OK) {
        return dt_fail(call, DT_INTERNAL, NULL, NULL);
    }

    const char  *values[] = {
        dt_call_viewer(call),
        dt_call_param(call, 0),
        (char *) call->traceparent.data,
        etags
    };

    return dt_query(call, &sql_article_delete, values);
}


static const char *
article_text(dt_call_t *call, ngx_uint_t field)
{
    return call->input[field].presence == DT_SET
           ? (char *) call->input[field].text.data : NULL;
}


/* NULL: not told. */

static ngx_int_t
article_tags(dt_call_t *call, const char **tags)
{
    dt_value_t  *value;

    value = &call->input[ARTICLE_TAGS];
    *tags = NULL;

    if (value->presence != DT_SET) {
        return NGX_OK;
    }

    *tags = dt_pg_array(call->pool, value->items, value->nitems);

    return *tags ? NGX_OK : NGX_ERROR;
}
