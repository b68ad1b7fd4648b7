/*
 * Fails one allocation of a worker: the n-th of its main thread since the
 * test has said so.  What librdkafka, the thread pool and other processes
 * allocate is neither failed nor counted.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "control.h"


/* The words: the test writes the first two. */

enum {
    STARVE_PID = 0,       /* of the worker; 0: nothing is counted */
    STARVE_NTH,           /* 0: none is failed */
    STARVE_SEEN,
    STARVE_FAILED,
    STARVE_SIZE,          /* of the one that failed */
    STARVE_TRACE          /* who had asked for it: addresses up to a 0 */
};

#define STARVE_FRAMES  24
#define STARVE_EARLY   65536


static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static void (*real_free)(void *);

static volatile int64_t  *words;
static pthread_t          starve_main;
static __thread int       starve_inside
                              __attribute__((tls_model("initial-exec")));

/* For dlsym() itself, before there is a malloc() to call. */

static char    early[STARVE_EARLY];
static size_t  early_used;


static void *
early_alloc(size_t size)
{
    void  *p;

    size = (size + 15) & ~(size_t) 15;

    if (size > STARVE_EARLY - early_used) {
        return NULL;
    }

    p = early + early_used;
    early_used += size;

    return p;
}


static int
early_owns(const void *p)
{
    return (const char *) p >= early && (const char *) p < early + STARVE_EARLY;
}


__attribute__((constructor)) static void
starve_begin(void)
{
    void  *frame[1];

    starve_inside = 1;

    real_calloc = (void *(*)(size_t, size_t)) dlsym(RTLD_NEXT, "calloc");
    real_realloc = (void *(*)(void *, size_t)) dlsym(RTLD_NEXT, "realloc");
    real_posix_memalign = (int (*)(void **, size_t, size_t))
                              dlsym(RTLD_NEXT, "posix_memalign");
    real_aligned_alloc = (void *(*)(size_t, size_t))
                             dlsym(RTLD_NEXT, "aligned_alloc");
    real_free = (void (*)(void *)) dlsym(RTLD_NEXT, "free");
    real_malloc = (void *(*)(size_t)) dlsym(RTLD_NEXT, "malloc");

    /* the first call loads a library */

    (void) backtrace(frame, 1);

    starve_main = pthread_self();
    words = control_map();
    starve_inside = 0;
}


static void
starve_tell(size_t size)
{
    int    i, n;
    void  *frames[STARVE_FRAMES];

    n = backtrace(frames, STARVE_FRAMES);

    for (i = 0; i < n; i++) {
        words[STARVE_TRACE + i] = (int64_t) (intptr_t) frames[i];
    }

    words[STARVE_TRACE + n] = 0;
    words[STARVE_SIZE] = size;
    words[STARVE_FAILED]++;
}


/* A forked worker's main thread is the one that forked: the master's. */

static int
starve_fails(size_t size)
{
    if (words == NULL || words[STARVE_PID] == 0 || starve_inside
        || !pthread_equal(pthread_self(), starve_main)
        || words[STARVE_PID] != getpid())
    {
        return 0;
    }

    if (++words[STARVE_SEEN] != words[STARVE_NTH]) {
        return 0;
    }

    starve_inside = 1;
    starve_tell(size);
    starve_inside = 0;

    errno = ENOMEM;

    return 1;
}


void *
malloc(size_t size)
{
    if (real_malloc == NULL) {
        return early_alloc(size);
    }

    return starve_fails(size) ? NULL : real_malloc(size);
}


void *
calloc(size_t n, size_t size)
{
    if (real_malloc == NULL) {
        return early_alloc(n * size);
    }

    return starve_fails(n * size) ? NULL : real_calloc(n, size);
}


void *
realloc(void *p, size_t size)
{
    void    *to;
    size_t   kept;

    if (real_malloc == NULL || early_owns(p)) {
        to = malloc(size);

        if (to && p) {
            kept = (size_t) (early + STARVE_EARLY - (char *) p);
            memcpy(to, p, size < kept ? size : kept);
        }

        return to;
    }

    return starve_fails(size) ? NULL : real_realloc(p, size);
}


int
posix_memalign(void **to, size_t alignment, size_t size)
{
    return starve_fails(size) ? ENOMEM
                              : real_posix_memalign(to, alignment, size);
}


void *
aligned_alloc(size_t alignment, size_t size)
{
    return starve_fails(size) ? NULL : real_aligned_alloc(alignment, size);
}


void *
memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}


void
free(void *p)
{
    if (p && !early_owns(p)) {
        real_free(p);
    }
}
