/*
 * Hashes of passwords.  No request and no nginx in here: this runs in
 * threads.
 */

#include <ngx_config.h>

#include <errno.h>
#include <sys/mman.h>
#include <sodium.h>

#include "auth_password.h"


#define AUTH_OPSLIMIT  2
#define AUTH_MEMLIMIT  (19 * 1024 * 1024)


static int auth_hash_room(void);
static int auth_hash(char *hash, const char *password, size_t len);


/* Nobody's; constant once made. */

static char  auth_password_nobody[AUTH_HASH_SIZE];


_Static_assert(AUTH_HASH_SIZE >= crypto_pwhash_STRBYTES,
               "a hash does not fit");


ngx_int_t
auth_password_init(void)
{
    char  random[32];

    if (sodium_init() == -1) {
        return NGX_ERROR;
    }

    randombytes_buf(random, sizeof(random));

    return auth_hash(auth_password_nobody, random, sizeof(random)) == 0
           ? NGX_OK : NGX_ERROR;
}


void
auth_password_make(void *data)
{
    auth_password_t *p = data;

    if (auth_hash(p->fresh, p->password, p->len) != 0) {
        p->failed = 1;
    }

    sodium_memzero(p->password, sizeof(p->password));
}


void
auth_password_check(void *data)
{
    auth_password_t *p = data;

    const char  *hash;

    hash = p->hash[0] ? p->hash : auth_password_nobody;
    errno = 0;

    if (auth_hash_room()
        && crypto_pwhash_str_verify(hash, p->password, p->len) == 0)
    {
        p->right = (hash == p->hash);

    } else if (errno != EINVAL) {

        /* EINVAL is "does not fit"; all else was no answer */

        p->failed = 1;
    }

    if (p->right
        && crypto_pwhash_str_needs_rehash(hash, AUTH_OPSLIMIT, AUTH_MEMLIMIT)
           != 0)
    {
        /* if it fails, the next login tries again */

        (void) auth_hash(p->fresh, p->password, p->len);
    }

    sodium_memzero(p->password, sizeof(p->password));
}


/* libsodium 1.0.18 calls it "does not fit" when it has no memory. */

static int
auth_hash_room(void)
{
    void  *room;

    room = mmap(NULL, AUTH_MEMLIMIT, PROT_READ|PROT_WRITE,
                MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);

    return room != MAP_FAILED && munmap(room, AUTH_MEMLIMIT) == 0;
}


static int
auth_hash(char *hash, const char *password, size_t len)
{
    if (crypto_pwhash_str_alg(hash, password, len, AUTH_OPSLIMIT,
                              AUTH_MEMLIMIT, crypto_pwhash_ALG_ARGON2ID13)
        != 0)
    {
        hash[0] = '\0';
        return -1;
    }

    return 0;
}
