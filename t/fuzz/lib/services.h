/*
 * The services' own tables, as nginx finds them: by the directive that enables
 * each.  A program that has them is linked without the steps' world (database,
 * cache, requests): see "libs" of input.c.  Nothing here calls a step.
 */

#ifndef _SERVICES_H_INCLUDED_
#define _SERVICES_H_INCLUDED_


#include "dt_service.h"


#define SERVICES  3

extern const dt_service_t  *services[SERVICES];

void services_start(void);

/* Each route's input from there (DT_IN_BODY, DT_IN_QUERY). */
void services_inputs(dt_source_e source,
    void (*take)(const dt_input_t *input, void *data), void *data);

/* "values" and "problems" are what an input rule made with "error": is all as
 * dt_input.h promises? */
void services_taken(const dt_input_t *input, dt_error_e error,
    const dt_value_t *values, const dt_problems_t *problems);


#endif /* _SERVICES_H_INCLUDED_ */
