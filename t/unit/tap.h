/*
 * A small TAP producer for the unit tests, and what they need of nginx.
 *
 *     int
 *     main(void)
 *     {
 *         tap_start();
 *         ok(1 + 1 == 2, "numbers add up");
 *         is(dt_utf8_length((u_char *) "a", 1), 1, "one letter");
 *         is_text("a", "a", "the same text");
 *         is_str(&str, "a", "an ngx_str_t");
 *         return done();
 *     }
 *
 * Each check returns whether it held.  Names are printf formats.  A program
 * fails by its plan, its exit code, or a sanitizer's report.
 */

#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define ok(condition, ...)                                                    \
    tap_ok(__FILE__, __LINE__, (condition) ? 1 : 0, __VA_ARGS__)

/* Integers. */
#define is(got, expected, ...)                                                \
    tap_is(__FILE__, __LINE__, (int64_t) (got), (int64_t) (expected),         \
           __VA_ARGS__)

/* C strings; NULL equals only NULL. */
#define is_text(got, expected, ...)                                           \
    tap_is_text(__FILE__, __LINE__, (got), (expected), __VA_ARGS__)

/* An ngx_str_t * and a C string. */
#define is_str(got, expected, ...)                                            \
    tap_is_str(__FILE__, __LINE__, (got), (expected), __VA_ARGS__)


/* First of all: line-buffers, makes tap_log and tap_pool. */
void tap_start(void);

/* Prints the plan, frees tap_pool; for main to return. */
int done(void);

/* A line of remark, without its "# " and "\n". */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

int tap_ok(const char *file, int line, int held, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int tap_is(const char *file, int line, int64_t got, int64_t expected,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
int tap_is_text(const char *file, int line, const char *got,
    const char *expected, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
int tap_is_str(const char *file, int line, const ngx_str_t *got,
    const char *expected, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A slice of its own on the heap, without a NUL behind it, so that the
 * sanitizer sees each byte read too far.  Freed by done(). */
ngx_str_t tap_slice(const void *data, size_t len);

/* Nanoseconds of a clock that only goes forward. */
uint64_t tap_clock(void);


extern ngx_log_t    tap_log;
extern ngx_pool_t  *tap_pool;

/* How many lines of each level (NGX_LOG_ALERT ...) were logged; each is also
 * printed as a remark. */
extern ngx_uint_t   tap_logged[NGX_LOG_DEBUG + 1];


#endif /* _TAP_H_INCLUDED_ */
