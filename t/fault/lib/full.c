/*
 * A disk that is full, for one server: while the test says so, no file below
 * "data" grows, whoever asks.  What is there already may be written over.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "control.h"


/* The words: the test writes the first. */

enum {
    FULL_ON = 0
};


static volatile int64_t  *words;


__attribute__((constructor))
static void
full_start(void)
{
    words = control_map();
}


static int
full_below_data(int fd)
{
    char     link[32], path[4096];
    ssize_t  n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);

    n = readlink(link, path, sizeof(path) - 1);
    if (n <= 0) {
        return 0;
    }

    path[n] = '\0';

    return strstr(path, "/data/") != NULL;
}


/* Would the file have to grow? */

static int
full_refuses(int fd, off_t end)
{
    struct stat  st;

    if (words == NULL || words[FULL_ON] == 0) {
        return 0;
    }

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || end <= st.st_size
        || !full_below_data(fd))
    {
        return 0;
    }

    errno = ENOSPC;
    return 1;
}


static off_t
full_length(const struct iovec *iov, int n)
{
    off_t  length;

    for (length = 0; n > 0; n--) {
        length += iov[n - 1].iov_len;
    }

    return length;
}


#define FULL_REAL(name)                                                       \
    static typeof(name) *real_##name;                                         \
    if (real_##name == NULL) {                                                \
        real_##name = (typeof(name) *) dlsym(RTLD_NEXT, #name);               \
    }


ssize_t
write(int fd, const void *buf, size_t count)
{
    off_t  at;
    FULL_REAL(write)

    if (words && words[FULL_ON]) {
        at = lseek(fd, 0, SEEK_CUR);

        if (at >= 0 && full_refuses(fd, at + count)) {
            return -1;
        }
    }

    return real_write(fd, buf, count);
}


ssize_t
pwrite(int fd, const void *buf, size_t count, off_t at)
{
    FULL_REAL(pwrite)

    return full_refuses(fd, at + count) ? -1
                                        : real_pwrite(fd, buf, count, at);
}


ssize_t
pwrite64(int fd, const void *buf, size_t count, off64_t at)
{
    FULL_REAL(pwrite64)

    return full_refuses(fd, at + count) ? -1
                                        : real_pwrite64(fd, buf, count, at);
}


ssize_t
pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
    FULL_REAL(pwritev)

    return full_refuses(fd, at + full_length(iov, n))
               ? -1 : real_pwritev(fd, iov, n, at);
}


ssize_t
pwritev64(int fd, const struct iovec *iov, int n, off64_t at)
{
    FULL_REAL(pwritev64)

    return full_refuses(fd, at + full_length(iov, n))
               ? -1 : real_pwritev64(fd, iov, n, at);
}


int
posix_fallocate(int fd, off_t at, off_t length)
{
    FULL_REAL(posix_fallocate)

    return full_refuses(fd, at + length)
               ? ENOSPC : real_posix_fallocate(fd, at, length);
}


int
posix_fallocate64(int fd, off64_t at, off64_t length)
{
    FULL_REAL(posix_fallocate64)

    return full_refuses(fd, at + length)
               ? ENOSPC : real_posix_fallocate64(fd, at, length);
}
