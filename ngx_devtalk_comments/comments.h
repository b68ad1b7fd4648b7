/* What the files of the comments service share. */

#ifndef _COMMENTS_H_INCLUDED_
#define _COMMENTS_H_INCLUDED_


#include "dt_core.h"


#define COMMENT_BODY_MAX  10000      /* characters */

#define COMMENTS_SLUG_MAX 128        /* bytes; no article has a longer one */
#define COMMENTS_PAGE     20         /* comments a page, if not told */
#define COMMENTS_PAGE_MAX 250        /* also what a list without paging has */


/* Input of a new or edited comment, by place. */
enum {
    COMMENT_BODY
};


/* Input of the list, by place. */
enum {
    COMMENTS_LIMIT,
    COMMENTS_CURSOR
};


/* Steps (comments_comment.c, comments_list.c), in the order in which a call
 * meets them. */

ngx_int_t comment_id(dt_call_t *call);
ngx_int_t comment_insert(dt_call_t *call);
ngx_int_t comment_update(dt_call_t *call);
ngx_int_t comment_delete(dt_call_t *call);

ngx_int_t comments_key(dt_call_t *call);
ngx_int_t comments_select(dt_call_t *call);
ngx_int_t comments_found(dt_call_t *call);
ngx_int_t comments_viewer(dt_call_t *call);
ngx_int_t comments_viewer_ask(dt_call_t *call);


#endif /* _COMMENTS_H_INCLUDED_ */
