#include "fuzz.h"
#include "lib/ring.h"
#include "dt_metrics.h"


/* Signs nothing anywhere else. */

static const char  ring_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHcZULKPDXkbj0Hzs\n"
    "CZ6rar4R5+txJWx4OIUrXaAiSJqhRANCAASqduPiSeSiPXKtqcZR3IH2gJ7B1YTv\n"
    "x7+W84U9lzDnslUNjjDwdSl+B2u01p8slRfXKNGay/xyMUtPPrTIhZ9x\n"
    "-----END PRIVATE KEY-----\n";


dt_ring_t  ring;


void
dt_count(dt_counter_e counter, ngx_uint_t n)
{
    must(counter < DT_M_COUNTERS && n == 1);
}


void
ring_start(void)
{
    static ngx_cycle_t      cycle;
    static dt_token_conf_t  conf;

    ring.n = 1;
    ring.signer = ring.keys;
    ring.issuer = RING_ISSUER;
    ring.audience = RING_AUDIENCE;
    ring.lifetime = 900;

    ngx_cpystrn(ring.signer->kid, (u_char *) "fuzz", sizeof("fuzz"));
    must(dt_key_read(ring.signer, (const u_char *) ring_pem,
                     sizeof(ring_pem) - 1)
         == NULL);

    conf.ring = &ring;
    must(dt_token_init_worker(&cycle, &conf) == NGX_OK);
}
