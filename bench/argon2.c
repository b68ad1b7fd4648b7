/*
 * What a login cannot be faster than: Argon2id alone, as libsodium does it.
 *
 *     argon2 THREADS SECONDS
 *
 * Prints how many passwords a second all threads have checked together.
 */

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define ARGON2_THREADS  256

/* of auth_hash.c */
#define ARGON2_OPS      2
#define ARGON2_MEMORY   (19456 * 1024)


static const char        password[] = "devtalk-demo";
static char              hash[crypto_pwhash_STRBYTES];
static atomic_int        over;
static atomic_ulong      checked;


static double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


static void *
check(void *data)
{
    while (!over) {
        if (crypto_pwhash_str_verify(hash, password, sizeof(password) - 1)) {
            fprintf(stderr, "argon2: the right password is refused\n");
            exit(1);
        }

        /* what is not done in time does not count */

        if (!over) {
            checked++;
        }
    }

    return data;
}


int
main(int argc, char **argv)
{
    int        i, threads;
    double     began, took;
    pthread_t  thread[ARGON2_THREADS];

    threads = argc == 3 ? atoi(argv[1]) : 0;

    if (threads < 1 || threads > ARGON2_THREADS || atoi(argv[2]) < 1) {
        fprintf(stderr, "usage: argon2 THREADS SECONDS\n");
        return 2;
    }

    if (sodium_init() == -1
        || crypto_pwhash_str_alg(hash, password, sizeof(password) - 1,
                                 ARGON2_OPS, ARGON2_MEMORY,
                                 crypto_pwhash_ALG_ARGON2ID13) != 0)
    {
        fprintf(stderr, "argon2: no hash\n");
        return 1;
    }

    began = now();

    for (i = 0; i < threads; i++) {
        if (pthread_create(&thread[i], NULL, check, NULL) != 0) {
            fprintf(stderr, "argon2: no thread\n");
            return 1;
        }
    }

    nanosleep(&(struct timespec) { .tv_sec = atoi(argv[2]) }, NULL);

    over = 1;
    took = now() - began;

    for (i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
    }

    printf("%.3f\n", checked / took);

    return 0;
}
