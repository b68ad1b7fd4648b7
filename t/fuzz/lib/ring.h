/*
 * One key, the same on every machine, so that tokens signed with it can be
 * kept as seeds; and what dt_token.c calls.
 */

#ifndef _RING_H_INCLUDED_
#define _RING_H_INCLUDED_


#include "dt_token_parts.h"


#define RING_NOW       1700000000
#define RING_ISSUER    "https://devtalk"
#define RING_AUDIENCE  "devtalk"


/* Makes dt_ring current in dt_token.c. */
void ring_start(void);

extern dt_ring_t  ring;


#endif /* _RING_H_INCLUDED_ */
