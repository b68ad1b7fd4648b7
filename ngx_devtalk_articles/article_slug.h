/*
 * Slugs: titles as they stand in addresses.  [a-z0-9-], single dashes, none
 * at the ends.  Titles of other scripts are spelled in Latin letters by ICU.
 */

#ifndef _ARTICLE_SLUG_H_INCLUDED_
#define _ARTICLE_SLUG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define ARTICLE_SLUG_MAX     80      /* bytes made of a title */
#define ARTICLE_SLUG_RANDOM   8      /* characters that make it unique */

/* Room for the longest slug with its suffix and a NUL. */
#define ARTICLE_SLUG_SIZE                                                     \
    (ARTICLE_SLUG_MAX + sizeof("-") - 1 + ARTICLE_SLUG_RANDOM + 1)


/* Before the first article_slug_make(), best before the workers fork: takes
 * about a tenth of a second and says in the log why it failed. */
ngx_int_t article_slug_init(void);

/*
 * Writes the slug of a title (valid UTF-8) to "out", at most "size" bytes and
 * ARTICLE_SLUG_MAX, no NUL behind; returns its length.  0: nothing in the
 * title can be spelled; then article_slug_suffix() alone makes one.
 */
size_t article_slug_make(const ngx_str_t *title, u_char *out, size_t size);

/*
 * Writes "<slug>-<8 of base 36>" to "out", which has ARTICLE_SLUG_SIZE bytes,
 * for a slug of at most ARTICLE_SLUG_MAX; only the 8 if "len" is 0.  Returns
 * the length, puts no NUL behind.  Pure: "random" decides.
 */
size_t article_slug_suffix(const u_char *slug, size_t len, uint64_t random,
    u_char *out);

/* NGX_DECLINED if no article can have such a slug. */
ngx_int_t article_slug_possible(const ngx_str_t *slug);


#endif /* _ARTICLE_SLUG_H_INCLUDED_ */
