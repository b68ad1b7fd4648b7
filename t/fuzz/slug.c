/* Slugs: of titles of every kind, and slugs out of addresses. */

/* sources: ngx_devtalk_articles/article_slug.c ngx_devtalk_core/dt_utf8.c */
/* libs: -licui18n -licuuc */

#include "fuzz.h"
#include "article_slug.h"
#include "dt_input.h"


/* Its grammar, written down another way. */

static ngx_uint_t
slug(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] == '-') {
            if (i == 0 || i + 1 == text->len || text->data[i - 1] == '-') {
                return 0;
            }

        } else if (!((text->data[i] >= 'a' && text->data[i] <= 'z')
                     || (text->data[i] >= '0' && text->data[i] <= '9')))
        {
            return 0;
        }
    }

    return text->len > 0 && text->len < ARTICLE_SLUG_SIZE
           && !(text->len == 4 && ngx_memcmp(text->data, "feed", 4) == 0);
}


static ngx_str_t
make(const ngx_str_t *title, size_t size)
{
    ngx_str_t  made;

    made.data = ngx_pnalloc(fuzz_pool, size);
    must(made.data != NULL);
    made.len = article_slug_make(title, made.data, size);
    must(made.len <= size && made.len <= ARTICLE_SLUG_MAX);
    must(made.len == 0 || slug(&made));

    return made;
}


static void
suffixes(const ngx_str_t *made, uint64_t random)
{
    ngx_str_t  longer;

    longer.data = ngx_pnalloc(fuzz_pool, ARTICLE_SLUG_SIZE);
    must(longer.data != NULL);
    longer.len = article_slug_suffix(made->data, made->len, random,
                                     longer.data);
    must(slug(&longer));
    must(article_slug_possible(&longer) == NGX_OK);
}


void
fuzz_start(void)
{
    must(article_slug_init() == NGX_OK);
}


void
fuzz_one(ngx_str_t input)
{
    uint64_t   random;
    ngx_str_t  made, again, title;

    title = fuzz_take(&input, input.len);

    must((article_slug_possible(&title) == NGX_OK) == slug(&title));

    if (dt_utf8_length(title.data, title.len) == -1) {
        return;
    }

    made = make(&title, ARTICLE_SLUG_MAX);
    again = make(&title, ARTICLE_SLUG_MAX);
    must(fuzz_same(&made, &again));

    /* What is a slug already stays what it is. */

    again = make(&made, ARTICLE_SLUG_MAX);
    must(fuzz_same(&made, &again));

    random = ngx_crc32_short(title.data, title.len);
    suffixes(&made, random * random);

    /* "feed" is another word in little room. */

    (void) make(&title, 16 + random % 64);
}
