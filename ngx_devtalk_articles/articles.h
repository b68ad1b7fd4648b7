/* What the files of the articles service share. */

#ifndef _ARTICLES_H_INCLUDED_
#define _ARTICLES_H_INCLUDED_


#include "dt_core.h"


#define ARTICLE_TITLE_MAX        200      /* characters, all of these */
#define ARTICLE_DESCRIPTION_MAX  1000
#define ARTICLE_BODY_MAX         200000
#define ARTICLE_TAGS_MAX         20       /* tags */
#define ARTICLE_TAG_MAX          50

#define ARTICLES_PAGE            20       /* articles a page, if not told */
#define ARTICLES_PAGE_MAX        100
#define ARTICLES_OFFSET_MAX      10000    /* a cursor goes deeper at no cost */
#define ARTICLES_CACHED          200      /* of the front page, so many first
                                             articles are cached */


/* Input of a new or edited article, by place. */
enum {
    ARTICLE_TITLE,
    ARTICLE_DESCRIPTION,
    ARTICLE_BODY,
    ARTICLE_TAGS
};

/* Input of a list, by place; the feed has the first three. */
enum {
    ARTICLES_LIMIT,
    ARTICLES_OFFSET,
    ARTICLES_CURSOR,
    ARTICLES_TAG,
    ARTICLES_AUTHOR,
    ARTICLES_FAVORITED
};


/* Steps, by file and in the order in which a call meets them. */

/* articles_article.c: one article, read */
ngx_int_t article_key(dt_call_t *call);
ngx_int_t article_select(dt_call_t *call);
ngx_int_t article_found(dt_call_t *call);
ngx_int_t article_viewer(dt_call_t *call);
ngx_int_t article_viewer_ask(dt_call_t *call);

/* articles_edit.c: written, edited, deleted */
ngx_int_t article_slugs(dt_call_t *call);
ngx_int_t article_insert(dt_call_t *call);
ngx_int_t article_insert_again(dt_call_t *call);
ngx_int_t article_update(dt_call_t *call);
ngx_int_t article_update_again(dt_call_t *call);
ngx_int_t article_delete(dt_call_t *call);

/* articles_favorite.c */
ngx_int_t article_favorite(dt_call_t *call);
ngx_int_t article_unfavorite(dt_call_t *call);

/* articles_list.c: pages of articles, the feed, tags */
ngx_int_t articles_key(dt_call_t *call);
ngx_int_t articles_select(dt_call_t *call);
ngx_int_t articles_reply(dt_call_t *call);
ngx_int_t articles_feed(dt_call_t *call);
ngx_int_t tags_key(dt_call_t *call);
ngx_int_t tags_select(dt_call_t *call);

/* articles_profile.c: authors as readers see them */
ngx_int_t profile_select(dt_call_t *call);
ngx_int_t profile_follow(dt_call_t *call);
ngx_int_t profile_unfollow(dt_call_t *call);


#endif /* _ARTICLES_H_INCLUDED_ */
