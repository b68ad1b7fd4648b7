/* The service as core knows it. */

#ifndef _AUTH_SERVICE_H_INCLUDED_
#define _AUTH_SERVICE_H_INCLUDED_


#include "dt_service.h"


extern const dt_service_t  auth_service;


#endif /* _AUTH_SERVICE_H_INCLUDED_ */
