/* sources: ngx_devtalk_auth/auth_hash.c */
/* libs: -lsodium */

/*
 * Hashes of passwords, and what they cost.
 */

#include <time.h>
#include <sys/resource.h>
#include <sodium.h>

#include "tap.h"
#include "auth_password.h"


static auth_password_t
checked(const char *password, const char *hash)
{
    auth_password_t  p;

    ngx_memzero(&p, sizeof(p));
    p.len = ngx_strlen(password);
    ngx_memcpy(p.password, password, p.len);
    ngx_cpystrn((u_char *) p.hash, (u_char *) hash, sizeof(p.hash));

    auth_password_check(&p);

    return p;
}


static ngx_uint_t
wiped(const auth_password_t *p)
{
    return sodium_is_zero((const u_char *) p->password,
                          sizeof(p->password));
}


/* Of the processor: others may be at work. */

static clock_t
cost(const char *hash)
{
    int      i;
    clock_t  start, best, took;

    for (i = 0, best = 0; i < 3; i++) {
        start = clock();
        (void) checked("wrong horse battery", hash);
        took = clock() - start;
        best = i ? ngx_min(best, took) : took;
    }

    return best;
}


static void
costs(const char *hash)
{
    clock_t  known, unknown;

    known = cost(hash);
    unknown = cost("");

    note("a check of a known user's %.1f ms, of an unknown one's %.1f ms",
         known * 1e3 / CLOCKS_PER_SEC, unknown * 1e3 / CLOCKS_PER_SEC);
    ok(unknown < known * 2 && known < unknown * 2,
       "nobody can tell one from the other by time");
}


/* The sanitizer's allocator, which ends the program otherwise. */

const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}


/* Without 19 MiB to work in there is no answer: not a wrong password. */

static void
starves(const char *hash)
{
    struct rlimit    limit, none;
    auth_password_t  made, p;

    ngx_memzero(&made, sizeof(made));
    made.len = 3;
    ngx_memcpy(made.password, "abc", 3);

    getrlimit(RLIMIT_DATA, &limit);
    none = limit;
    none.rlim_cur = 4096;    /* Linux takes 0 for no limit */
    setrlimit(RLIMIT_DATA, &none);

    auth_password_make(&made);
    p = checked("abc", hash);

    setrlimit(RLIMIT_DATA, &limit);

    ok(made.failed, "no hash is made without memory");
    is_text(made.fresh, "", "not half of one either");
    ok(wiped(&made), "the password is wiped even then");
    ok(p.failed && !p.right, "and none is checked");
    ok(checked("abc", hash).right, "with memory it fits again");
}


int
main(void)
{
    char             weak[AUTH_HASH_SIZE];
    auth_password_t  made, again, p;

    tap_start();

    is(auth_password_init(), NGX_OK, "starts");

    ngx_memzero(&made, sizeof(made));
    made.len = 3;
    ngx_memcpy(made.password, "abc", 3);
    again = made;

    auth_password_make(&made);
    auth_password_make(&again);

    is(ngx_strncmp(made.fresh, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0,
       "Argon2id, 19 MiB, two passes");
    is(made.failed, 0, "did not fail");
    ok(wiped(&made), "the password is wiped");
    ok(ngx_strcmp(made.fresh, again.fresh) != 0, "each has a salt");

    p = checked("abc", made.fresh);
    ok(p.right && !p.failed, "the right one fits");
    is_text(p.fresh, "", "and needs no other hash");
    ok(wiped(&p), "and is wiped");

    p = checked("abd", made.fresh);
    ok(!p.right && !p.failed, "a wrong one does not");
    ok(wiped(&p), "and is wiped, too");

    p = checked("abc\nd", made.fresh);
    ok(!p.right && !p.failed, "nor one that begins right");

    p = checked("abc", "");
    ok(!p.right && !p.failed, "an unknown user has no right one");

    p = checked("abc", "$argon2id$v=19$damaged");
    ok(!p.right && p.failed, "a damaged hash is no answer");

    ok(crypto_pwhash_str_alg(weak, "abc", 3, 1, 8192 * 1024,
                             crypto_pwhash_ALG_ARGON2ID13)
       == 0, "a hash of other days");
    p = checked("abc", weak);
    ok(p.right && ngx_strncmp(p.fresh, made.fresh, 31) == 0,
       "fits, and is made anew");
    ok(checked("abc", p.fresh).right, "the new one fits");
    p = checked("abd", weak);
    ok(!p.right && p.fresh[0] == '\0', "not for a wrong password");

    starves(made.fresh);
    costs(made.fresh);

    return done();
}
