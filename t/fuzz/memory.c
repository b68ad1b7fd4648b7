/*
 * What a worker remembers of tokens, against a model of it.  An input is a row
 * of steps: a byte what to do, a byte with whom, two bytes of time.
 */

/* sources: ngx_devtalk_core/dt_token_memory.c */
/* libs: -lcrypto */

#include "fuzz.h"
#include "dt_token_parts.h"


#define WHO    8
#define STEPS  500
#define BURST  50
#define EACH   200

/* Seconds after which all that an input can leave behind is outdated. */
#define LONG   1000000


static const char *const  addresses[WHO] = {
    "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "2001:db8::1",
    "2001:db8::ffff", "2001:db8:0:1::1", "unix:", ""
};

/* Which of them are one client. */
static const ngx_uint_t  client[WHO] = { 0, 1, 0, 3, 3, 5, 6, 6 };


static dt_memory_t  *memory;


/* All that was ever kept; the memory may have forgotten. */

typedef struct {
    time_t    kept[WHO];       /* until when, 0: never */
    int64_t   user[WHO];
    time_t    ended[WHO];
    int64_t   debt[WHO];
} model_t;


static void
hash(ngx_uint_t who, u_char *out)
{
    /* of two sets, so that they crowd */

    memset(out, 0, DT_TOKEN_HASH);
    out[0] = who % 2;
    out[DT_TOKEN_HASH - 1] = who;
}


static void
keep(model_t *model, ngx_uint_t who, time_t now, uint64_t n)
{
    u_char       key[DT_TOKEN_HASH];
    dt_viewer_t  viewer, seen;

    ngx_memzero(&viewer, sizeof(viewer));
    viewer.user = 1 + n;
    viewer.expires = now + 1 + n % 900;

    hash(who, key);

    /* what is remembered is not kept again */

    if (dt_memory_find(memory, key, now, &seen) == NGX_OK) {
        return;
    }

    dt_memory_keep(memory, key, now, &viewer);
    must(dt_memory_find(memory, key, now, &seen) == NGX_OK);

    model->kept[who] = viewer.expires;
    model->user[who] = viewer.user;
}


static void
find(const model_t *model, ngx_uint_t who, time_t now)
{
    u_char       key[DT_TOKEN_HASH];
    dt_viewer_t  viewer;

    hash(who, key);

    if (dt_memory_find(memory, key, now, &viewer) == NGX_OK) {
        must(viewer.expires > now && viewer.expires == model->kept[who]);
        must(viewer.user == model->user[who]);
    }
}


static void
end(model_t *model, ngx_uint_t who, time_t now, uint64_t n)
{
    time_t     until;
    ngx_str_t  session;

    session.data = (u_char *) addresses[who];
    session.len = strlen(addresses[who]);
    until = now + n % 900;

    must(dt_memory_revoke(memory, &session, until, now) == NGX_OK);

    if (session.len) {
        model->ended[who] = ngx_max(model->ended[who], until);
    }
}


/* Nothing may be forgotten here. */

static void
ended(const model_t *model, ngx_uint_t who, time_t now)
{
    must(dt_memory_revoked(memory, (u_char *) addresses[who], now)
         == (model->ended[who] > now));
}


static void
throttled(model_t *model, ngx_uint_t who, int64_t ms, ngx_uint_t blame)
{
    int64_t    *debt;
    ngx_str_t   address;

    debt = &model->debt[client[who]];
    address.data = (u_char *) addresses[who];
    address.len = strlen(addresses[who]);

    must(dt_memory_throttled(memory, &address, ms)
         == (*debt - ms > (BURST - 1) * EACH));

    if (blame) {
        dt_memory_blame(memory, &address, ms);
        *debt = ngx_max(*debt, ms) + EACH;
    }
}


void
fuzz_start(void)
{
    memory = dt_memory_create();
    must(memory != NULL);
}


void
fuzz_one(ngx_str_t input)
{
    time_t         now;
    uint64_t       n;
    model_t        model;
    ngx_uint_t     step, what, who;
    static time_t  begin = 1700000000;

    /* Its tables are too large to be made for each input. */

    begin += LONG;
    now = begin;
    ngx_memzero(&model, sizeof(model));

    for (step = 0; input.len && step < STEPS; step++) {
        what = fuzz_number(&input, 1);
        who = fuzz_number(&input, 1) % WHO;
        n = fuzz_number(&input, 2);

        switch (what % 8) {
        case 0:
            keep(&model, who, now, n);
            break;
        case 1:
            find(&model, who, now);
            break;
        case 2:
            end(&model, who, now, n);
            break;
        case 3:
            ended(&model, who, now);
            break;
        case 4:
            throttled(&model, who, now * 1000 + n % 1000, 0);
            break;
        case 5:
            for (n %= 2 * BURST; n; n--) {
                throttled(&model, who, now * 1000, 1);
            }
            break;
        default:
            now += n % 1024;
        }
    }

    begin = now;
}
