/*
 * What a worker remembers of tokens, in memory of its own.
 *
 * Good tokens and throttled addresses lie in tables of DT_WAYS places a set:
 * a new one takes the place that matters least in its set.  Ended sessions
 * lie in chains, which drop the outdated when they grow: a session may only
 * be forgotten when its last token has expired.
 */

#include <ngx_config.h>

#include <stdlib.h>
#include <arpa/inet.h>
#include <openssl/rand.h>

#include "dt_token_parts.h"


#define DT_WAYS             4
#define DT_TOKEN_SETS       8192      /* powers of 2 */
#define DT_ADDRESS_SETS     1024
#define DT_SESSION_CHAINS   4096

#define DT_BAD_TOKENS       50        /* at once, */
#define DT_BAD_MSEC         200       /* and one more after so long */

#define DT_ADDRESS_SIZE     16


typedef struct {
    u_char        hash[DT_TOKEN_HASH];
    uint64_t      used;               /* when last, in uses of the table */
    dt_viewer_t   viewer;             /* user 0: empty */
} dt_remembered_t;

typedef struct dt_ended_s  dt_ended_t;

struct dt_ended_s {
    dt_ended_t   *next;
    time_t        until;
    u_char        session[DT_SESSION_MAX + 1];
};

/* "debt" is a clock that each bad one puts ahead by DT_BAD_MSEC. */
typedef struct {
    u_char        address[DT_ADDRESS_SIZE];
    int64_t       debt;
} dt_blamed_t;

struct dt_memory_s {
    uint64_t          uses;
    uint64_t          seed;           /* what nobody outside can know */
    ngx_uint_t        ended;
    dt_remembered_t   tokens[DT_TOKEN_SETS][DT_WAYS];
    dt_blamed_t       addresses[DT_ADDRESS_SETS][DT_WAYS];
    dt_ended_t       *sessions[DT_SESSION_CHAINS];
};


static dt_remembered_t *dt_memory_set(dt_memory_t *memory,
    const u_char *hash);
static dt_ended_t **dt_memory_chain(const dt_memory_t *memory,
    const u_char *session, size_t len);
static void dt_memory_prune(dt_memory_t *memory, dt_ended_t **chain,
    time_t now);
static dt_blamed_t *dt_memory_blamed(dt_memory_t *memory,
    const u_char *address, dt_blamed_t **least);
static void dt_memory_address(const ngx_str_t *text, u_char *address);
static uint64_t dt_memory_hash(const dt_memory_t *memory, const u_char *data,
    size_t len);


dt_memory_t *
dt_memory_create(void)
{
    dt_memory_t  *memory;

    /* calloc() leaves the pages alone: see dt_memory_settle() */

    memory = calloc(1, sizeof(dt_memory_t));
    if (memory == NULL) {
        return NULL;
    }

    if (RAND_bytes((u_char *) &memory->seed, sizeof(memory->seed)) != 1) {
        free(memory);
        return NULL;
    }

    return memory;
}


void
dt_memory_settle(dt_memory_t *memory)
{
    ngx_memzero(memory->tokens, sizeof(memory->tokens));
    ngx_memzero(memory->addresses, sizeof(memory->addresses));
    ngx_memzero(memory->sessions, sizeof(memory->sessions));
}


void
dt_memory_destroy(dt_memory_t *memory)
{
    ngx_uint_t   i;
    dt_ended_t  *ended, *next;

    for (i = 0; i < DT_SESSION_CHAINS; i++) {
        for (ended = memory->sessions[i]; ended; ended = next) {
            next = ended->next;
            free(ended);
        }
    }

    free(memory);
}


ngx_int_t
dt_memory_find(dt_memory_t *memory, const u_char *hash, time_t now,
    dt_viewer_t *viewer)
{
    ngx_uint_t        i;
    dt_remembered_t  *set;

    set = dt_memory_set(memory, hash);

    for (i = 0; i < DT_WAYS; i++) {

        if (ngx_memcmp(set[i].hash, hash, DT_TOKEN_HASH) == 0
            && set[i].viewer.user
            && set[i].viewer.expires > now)
        {
            set[i].used = ++memory->uses;
            *viewer = set[i].viewer;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


void
dt_memory_keep(dt_memory_t *memory, const u_char *hash, time_t now,
    const dt_viewer_t *viewer)
{
    ngx_uint_t        i;
    dt_remembered_t  *set, *place;

    set = dt_memory_set(memory, hash);
    place = set;

    for (i = 0; i < DT_WAYS; i++) {

        if (set[i].viewer.expires <= now) {
            place = &set[i];
            break;
        }

        if (set[i].used < place->used) {
            place = &set[i];
        }
    }

    ngx_memcpy(place->hash, hash, DT_TOKEN_HASH);
    place->used = ++memory->uses;
    place->viewer = *viewer;
}


/* Nobody can fill a set on purpose: only tokens that we signed get in. */

static dt_remembered_t *
dt_memory_set(dt_memory_t *memory, const u_char *hash)
{
    uint32_t  n;

    ngx_memcpy(&n, hash, sizeof(n));

    return memory->tokens[n & (DT_TOKEN_SETS - 1)];
}


ngx_int_t
dt_memory_revoke(dt_memory_t *memory, const ngx_str_t *session, time_t until,
    time_t now)
{
    dt_ended_t  *ended, **chain;

    if (session->len == 0 || session->len > DT_SESSION_MAX || until <= now) {
        return NGX_OK;
    }

    chain = dt_memory_chain(memory, session->data, session->len);

    dt_memory_prune(memory, chain, now);

    for (ended = *chain; ended; ended = ended->next) {

        if (ngx_strlen(ended->session) == session->len
            && ngx_memcmp(ended->session, session->data, session->len) == 0)
        {
            ended->until = ngx_max(ended->until, until);
            return NGX_OK;
        }
    }

    ended = calloc(1, sizeof(dt_ended_t));
    if (ended == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(ended->session, session->data, session->len);
    ended->until = until;
    ended->next = *chain;
    *chain = ended;
    memory->ended++;

    return NGX_OK;
}


static void
dt_memory_prune(dt_memory_t *memory, dt_ended_t **chain, time_t now)
{
    dt_ended_t  *ended;

    while (*chain) {
        ended = *chain;

        if (ended->until > now) {
            chain = &ended->next;
            continue;
        }

        *chain = ended->next;
        free(ended);
        memory->ended--;
    }
}


ngx_uint_t
dt_memory_revoked(const dt_memory_t *memory, const u_char *session,
    time_t now)
{
    dt_ended_t  *ended;

    if (memory->ended == 0) {
        return 0;
    }

    ended = *dt_memory_chain(memory, session, ngx_strlen(session));

    for ( /* void */ ; ended; ended = ended->next) {
        if (ngx_strcmp(ended->session, session) == 0) {
            return ended->until > now;
        }
    }

    return 0;
}


static dt_ended_t **
dt_memory_chain(const dt_memory_t *memory, const u_char *session, size_t len)
{
    uint64_t  n;

    n = dt_memory_hash(memory, session, len) & (DT_SESSION_CHAINS - 1);

    return (dt_ended_t **) &memory->sessions[n];
}


ngx_uint_t
dt_memory_throttled(dt_memory_t *memory, const ngx_str_t *address,
    ngx_msec_t now)
{
    u_char        binary[DT_ADDRESS_SIZE];
    dt_blamed_t  *blamed, *least;

    dt_memory_address(address, binary);
    blamed = dt_memory_blamed(memory, binary, &least);

    return blamed
           && blamed->debt - (int64_t) now
              > (DT_BAD_TOKENS - 1) * DT_BAD_MSEC;
}


void
dt_memory_blame(dt_memory_t *memory, const ngx_str_t *address,
    ngx_msec_t now)
{
    u_char        binary[DT_ADDRESS_SIZE];
    dt_blamed_t  *blamed, *least;

    dt_memory_address(address, binary);
    blamed = dt_memory_blamed(memory, binary, &least);

    if (blamed == NULL) {
        blamed = least;
        blamed->debt = 0;
        ngx_memcpy(blamed->address, binary, DT_ADDRESS_SIZE);
    }

    blamed->debt = ngx_max(blamed->debt, (int64_t) now) + DT_BAD_MSEC;
}


/* The address's place, or NULL and the least debtor of its set. */

static dt_blamed_t *
dt_memory_blamed(dt_memory_t *memory, const u_char *address,
    dt_blamed_t **least)
{
    ngx_uint_t    i, n;
    dt_blamed_t  *set;

    n = dt_memory_hash(memory, address, DT_ADDRESS_SIZE)
        & (DT_ADDRESS_SETS - 1);

    set = memory->addresses[n];
    *least = set;

    for (i = 0; i < DT_WAYS; i++) {

        if (ngx_memcmp(set[i].address, address, DT_ADDRESS_SIZE) == 0) {
            return &set[i];
        }

        if (set[i].debt < (*least)->debt) {
            *least = &set[i];
        }
    }

    return NULL;
}


/*
 * IPv4 as the IPv6 address that stands for it (RFC 4291 §2.5.5.2); of IPv6
 * the first half: a whole /64 belongs to one customer.  What is no address,
 * a UNIX socket, is one client.
 */

static void
dt_memory_address(const ngx_str_t *text, u_char *address)
{
    char                 buf[INET6_ADDRSTRLEN];
    static const u_char  mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                      0xff, 0xff };

    ngx_memzero(address, DT_ADDRESS_SIZE);

    if (text->len == 0 || text->len >= sizeof(buf)) {
        return;
    }

    ngx_memcpy(buf, text->data, text->len);
    buf[text->len] = '\0';

    if (inet_pton(AF_INET, buf, address + sizeof(mapped)) == 1) {
        ngx_memcpy(address, mapped, sizeof(mapped));
        return;
    }

    if (inet_pton(AF_INET6, buf, address) == 1
        && ngx_memcmp(address, mapped, sizeof(mapped)) != 0)
    {
        ngx_memzero(address + 8, DT_ADDRESS_SIZE - 8);
    }
}


/* FNV-1a from a secret start, its bits mixed at the end. */

static uint64_t
dt_memory_hash(const dt_memory_t *memory, const u_char *data, size_t len)
{
    size_t    i;
    uint64_t  h;

    h = memory->seed;

    for (i = 0; i < len; i++) {
        h = (h ^ data[i]) * 0x100000001b3;
    }

    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15;
    h ^= h >> 29;

    return h;
}
