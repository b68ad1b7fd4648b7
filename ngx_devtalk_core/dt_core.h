/* All that a service needs. */

#ifndef _DT_CORE_H_INCLUDED_
#define _DT_CORE_H_INCLUDED_

#include "dt_cache.h"
#include "dt_call.h"
#include "dt_conf.h"
#include "dt_error.h"
#include "dt_input.h"
#include "dt_metrics.h"
#include "dt_query.h"
#include "dt_reply.h"
#include "dt_route.h"
#include "dt_service.h"
#include "dt_sql.h"
#include "dt_thread.h"
#include "dt_token.h"
#include "dt_viewer.h"

#endif /* _DT_CORE_H_INCLUDED_ */
