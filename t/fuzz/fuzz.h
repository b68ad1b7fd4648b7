/*
 * The frame of a fuzz target: what libFuzzer calls, and a pool for each input.
 *
 *     void
 *     fuzz_one(ngx_str_t input)
 *     {
 *         if (dt_thing_decode(&input, &thing) == NGX_OK) {
 *             must(thing.n <= THING_MAX);
 *         }
 *     }
 *
 * A target is wrong by a sanitizer's report, by a leak, by an input that takes
 * longer than a second, and by a broken must().
 */

#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* What always holds, whatever the input. */
#define must(condition)                                                       \
    ((condition) ? (void) 0 : fuzz_broken(__FILE__, __LINE__, #condition))


/* The target: "input" is a block of its own, so that a byte read too far is
 * seen. */
void fuzz_one(ngx_str_t input);

/* Before the first input; a target may have one. */
void fuzz_start(void) __attribute__((weak));

/* Cuts what stands before the next "end", or all, from the front of "input",
 * as a block of its own of fuzz_pool. */
ngx_str_t fuzz_cut(ngx_str_t *input, u_char end);

/* The same of "n" bytes, or what is left. */
ngx_str_t fuzz_take(ngx_str_t *input, size_t n);

/* A number out of the next n bytes, 0 behind the end. */
uint64_t fuzz_number(ngx_str_t *input, size_t n);

ngx_uint_t fuzz_same(const ngx_str_t *one, const ngx_str_t *other);

void fuzz_broken(const char *file, int line, const char *condition)
    __attribute__((noreturn));


/* Lives as long as the input. */
extern ngx_pool_t  *fuzz_pool;


#endif /* _FUZZ_H_INCLUDED_ */
