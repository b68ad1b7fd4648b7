
/*
 * The body of tap.h, and stand-ins for the parts of nginx that the unit
 * programs do without: the log, the cycle, the process.
 */

#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>


#define TAP_LINE  2048


static void tap_name(const char *format, va_list args);
static void tap_text(const char *what, const char *data, size_t len);


ngx_log_t            tap_log;
ngx_pool_t          *tap_pool;
ngx_uint_t           tap_logged[NGX_LOG_DEBUG + 1];

ngx_int_t            ngx_ncpu = 1;
ngx_pid_t            ngx_pid;
ngx_pid_t            ngx_parent;
ngx_uint_t           ngx_process = NGX_PROCESS_SINGLE;
ngx_uint_t           ngx_worker;

static ngx_cycle_t   tap_cycle;
volatile ngx_cycle_t *ngx_cycle = &tap_cycle;

static ngx_uint_t    tap_tests;
static ngx_uint_t    tap_failures;


void
tap_start(void)
{
    ngx_uint_t  n;

    setvbuf(stdout, NULL, _IOLBF, 0);

    ngx_pid = getpid();
    ngx_parent = getppid();
    ngx_pagesize = getpagesize();
    ngx_cacheline_size = NGX_CPU_CACHE_LINE;

    for (n = ngx_pagesize; n >>= 1; ngx_pagesize_shift++) { /* void */ }

    tap_log.log_level = NGX_LOG_DEBUG;
    tap_cycle.log = &tap_log;

    tap_pool = ngx_create_pool(4096, &tap_log);
    if (tap_pool == NULL) {
        printf("Bail out! no memory\n");
        exit(2);
    }

    tap_cycle.pool = tap_pool;
}


int
done(void)
{
    ngx_destroy_pool(tap_pool);
    tap_pool = NULL;
    tap_cycle.pool = NULL;

    printf("1..%u\n", (unsigned) tap_tests);

    return tap_failures ? 1 : 0;
}


void
note(const char *format, ...)
{
    va_list  args;

    printf("# ");

    va_start(args, format);
    vprintf(format, args);
    va_end(args);

    printf("\n");
}


static void
tap_name(const char *format, va_list args)
{
    char   name[TAP_LINE];
    char  *p;

    vsnprintf(name, sizeof(name), format, args);

    /* A "#" would begin a directive, a line feed another line. */

    for (p = name; *p; p++) {
        if ((u_char) *p < 0x20 || *p == 0x7f) {
            *p = '?';
        }

        if (*p == '#') {
            *p = '_';
        }
    }

    printf("%s", name);
}


static int
tap_result(const char *file, int line, int held, const char *format,
    va_list args)
{
    tap_tests++;

    printf("%sok %u - ", held ? "" : "not ", (unsigned) tap_tests);
    tap_name(format, args);
    printf("\n");

    if (!held) {
        tap_failures++;
        printf("#   failed at %s line %d\n", file, line);
    }

    return held;
}


int
tap_ok(const char *file, int line, int held, const char *format, ...)
{
    va_list  args;

    va_start(args, format);
    held = tap_result(file, line, held, format, args);
    va_end(args);

    return held;
}


int
tap_is(const char *file, int line, int64_t got, int64_t expected,
    const char *format, ...)
{
    int      held;
    va_list  args;

    va_start(args, format);
    held = tap_result(file, line, got == expected, format, args);
    va_end(args);

    if (!held) {
        printf("#        got: %lld\n#   expected: %lld\n", (long long) got,
               (long long) expected);
    }

    return held;
}


static void
tap_text(const char *what, const char *data, size_t len)
{
    size_t  i;

    printf("#   %8s: ", what);

    if (data == NULL) {
        printf("NULL\n");
        return;
    }

    printf("\"");

    for (i = 0; i < len; i++) {
        if ((u_char) data[i] < 0x20 || data[i] == 0x7f) {
            printf("\\x%02x", (u_char) data[i]);

        } else {
            printf("%c", data[i]);
        }
    }

    printf("\"\n");
}


int
tap_is_text(const char *file, int line, const char *got,
    const char *expected, const char *format, ...)
{
    int      held;
    va_list  args;

    held = (got && expected) ? strcmp(got, expected) == 0 : got == expected;

    va_start(args, format);
    tap_result(file, line, held, format, args);
    va_end(args);

    if (!held) {
        tap_text("got", got, got ? strlen(got) : 0);
        tap_text("expected", expected, expected ? strlen(expected) : 0);
    }

    return held;
}


int
tap_is_str(const char *file, int line, const ngx_str_t *got,
    const char *expected, const char *format, ...)
{
    int      held;
    va_list  args;

    held = got->len == strlen(expected)
           && (got->len == 0
               || memcmp(got->data, expected, got->len) == 0);

    va_start(args, format);
    tap_result(file, line, held, format, args);
    va_end(args);

    if (!held) {
        tap_text("got", (char *) got->data, got->len);
        tap_text("expected", expected, strlen(expected));
    }

    return held;
}


static void
tap_slice_free(void *data)
{
    free(data);
}


ngx_str_t
tap_slice(const void *data, size_t len)
{
    ngx_str_t            slice;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(tap_pool, 0);
    slice.data = malloc(len ? len : 1);
    slice.len = len;

    if (cln == NULL || slice.data == NULL) {
        printf("Bail out! no memory\n");
        exit(2);
    }

    cln->handler = tap_slice_free;
    cln->data = slice.data;

    if (len) {
        memcpy(slice.data, data, len);
    }

    return slice;
}


uint64_t
tap_clock(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    u_char   line[NGX_MAX_ERROR_STR], *p;
    va_list  args;

    level = ngx_min(level, NGX_LOG_DEBUG);
    tap_logged[level]++;

    if (level == NGX_LOG_DEBUG) {
        return;
    }

    va_start(args, fmt);
    p = ngx_vslprintf(line, line + NGX_MAX_ERROR_STR, fmt, args);
    va_end(args);

    printf("# log %u: %.*s", (unsigned) level, (int) (p - line), line);

    if (err) {
        printf(" (%d: %s)", (int) err, strerror(err));
    }

    printf("\n");
}


u_char *
ngx_strerror(ngx_err_t err, u_char *errstr, size_t size)
{
    return ngx_snprintf(errstr, size, "%s", strerror(err));
}


void
ngx_debug_point(void)
{
    abort();
}
