/*
 * What a test tells a library in nginx, and hears from it: a file of 64-bit
 * words that both have mapped (t/lib/DevTalk/Shim.pm).  LD_PRELOAD brings the
 * library in, so that the modules under test have no code for tests.
 */

#ifndef _CONTROL_H_INCLUDED_
#define _CONTROL_H_INCLUDED_


#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


#define CONTROL_WORDS  512


/* NULL: this process has none, a compiler's or a shell's say. */

static volatile int64_t *
control_map(void)
{
    int          fd;
    void        *words;
    const char  *path;

    path = getenv("DEVTALK_SHIM");
    if (path == NULL) {
        return NULL;
    }

    fd = open(path, O_RDWR|O_CLOEXEC);
    if (fd == -1) {
        return NULL;
    }

    words = mmap(NULL, CONTROL_WORDS * sizeof(int64_t), PROT_READ|PROT_WRITE,
                 MAP_SHARED, fd, 0);
    close(fd);

    return words == MAP_FAILED ? NULL : words;
}


#endif /* _CONTROL_H_INCLUDED_ */
