/*
 * Tokens as they come, in an Authorization field: altered ones never pass.
 *
 * Seeds are real tokens: FUZZ_ISSUE=1 makes the program print new ones.
 */

/* sources: t/fuzz/lib/ring.c ngx_devtalk_core/dt_header.c */
/* sources: ngx_devtalk_core/dt_token.c ngx_devtalk_core/dt_token_claims.c */
/* sources: ngx_devtalk_core/dt_token_key.c */
/* sources: ngx_devtalk_core/dt_json.c */
/* sources: ngx_devtalk_core/dt_token_memory.c */
/* libs: -ljwt -ljansson -lcrypto */

#include "fuzz.h"
#include "lib/ring.h"
#include "dt_header.h"

#include <stdio.h>


size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned seed);


#define HEADER   "{\"alg\":\"ES256\",\"kid\":\"fuzz\",\"typ\":\"at+jwt\"}"
#define CLAIMS                                                                \
    "\"iss\":\"" RING_ISSUER "\",\"aud\":\"" RING_AUDIENCE "\","              \
    "\"role\":\"reader\",\"jti\":\"x\",\"iat\":1700000000"

typedef struct {
    int64_t      user;
    const char  *username;
    const char  *session;
    time_t       expires;
    dt_token_e   state;
    const char  *claims;
} known_t;

/* All that were ever signed. */

static const known_t  known[] = {
    { 17, "anna", "s-1", RING_NOW + 900, DT_TOKEN_GOOD,
      "{" CLAIMS ",\"exp\":1700000900,\"sub\":\"17\",\"sid\":\"s-1\","
      "\"username\":\"anna\"}" },
    { 9223372036854775807, "b", "s-2", RING_NOW + 1, DT_TOKEN_GOOD,
      "{" CLAIMS ",\"exp\":1700000001,\"sub\":\"9223372036854775807\","
      "\"sid\":\"s-2\",\"username\":\"b\"}" },
    { 18, "ended", "s-3", RING_NOW + 900, DT_TOKEN_REVOKED,
      "{" CLAIMS ",\"exp\":1700000900,\"sub\":\"18\",\"sid\":\"s-3\","
      "\"username\":\"ended\"}" },
    { 19, "expired", "s-4", RING_NOW, DT_TOKEN_BAD,
      "{" CLAIMS ",\"exp\":1700000000,\"sub\":\"19\",\"sid\":\"s-4\","
      "\"username\":\"expired\"}" }
};

#define KNOWN  (sizeof(known) / sizeof(known[0]))


static ngx_str_t  signed_texts[KNOWN];


static ngx_str_t
signed_text(const char *claims)
{
    u_char     *p;
    ngx_str_t   text;

    text.data = malloc(2 * (sizeof(HEADER) + strlen(claims)));
    must(text.data != NULL);

    p = text.data;
    p += dt_base64url_encode(p, (u_char *) HEADER, sizeof(HEADER) - 1);
    *p++ = '.';
    p += dt_base64url_encode(p, (u_char *) claims, strlen(claims));
    text.len = p - text.data;

    return text;
}


static void
issue(void)
{
    u_char      signature[DT_ES256_SIZE], text[2 * DT_ES256_SIZE];
    ngx_uint_t  i;

    for (i = 0; i < KNOWN; i++) {
        must(dt_key_sign(ring.signer, &signed_texts[i], signature)
             == NGX_OK);
        printf("Token %.*s.%.*s\n", (int) signed_texts[i].len,
               signed_texts[i].data,
               (int) dt_base64url_encode(text, signature, DT_ES256_SIZE),
               text);
    }

    exit(0);
}


void
fuzz_start(void)
{
    ngx_str_t   ended = ngx_string("s-3");
    ngx_uint_t  i;

    ring_start();

    /* "now" of a revocation is nginx's own clock, which stands at 0 here */

    ngx_time_init();
    must(dt_token_revoke(&ended, ngx_time() + RING_NOW) == NGX_OK);

    for (i = 0; i < KNOWN; i++) {
        signed_texts[i] = signed_text(known[i].claims);
    }

    if (getenv("FUZZ_ISSUE")) {
        issue();
    }
}


/* Which of the known ones was signed, or NULL. */

static const known_t *
origin(const ngx_str_t *token)
{
    ngx_uint_t        i;
    dt_token_parts_t  parts;

    if (dt_token_split(token, &parts) != NGX_OK) {
        return NULL;
    }

    must(parts.signed_text.data == token->data
         && parts.signed_text.len + 1 + parts.signature.len == token->len);

    for (i = 0; i < KNOWN; i++) {
        if (fuzz_same(&parts.signed_text, &signed_texts[i])) {
            return &known[i];
        }
    }

    return NULL;
}


static void
passes(const known_t *who, const dt_viewer_t *viewer)
{
    must(who != NULL && who->state == DT_TOKEN_GOOD);
    must(viewer->user == who->user && viewer->expires == who->expires);
    must(strcmp((char *) viewer->username, who->username) == 0);
    must(strcmp((char *) viewer->session, who->session) == 0);
    must(strcmp((char *) viewer->role, "reader") == 0);
}


void
fuzz_one(ngx_str_t input)
{
    ngx_str_t       field, token, address;
    dt_token_e      state;
    dt_viewer_t     viewer, untouched;
    const known_t  *who;

    ngx_str_set(&address, "192.0.2.1");

    field = fuzz_take(&input, input.len);

    if (dt_authorization_token(&field, &token) != NGX_OK) {
        return;
    }

    /* long enough for the debt of a bad signature to be forgotten */

    ngx_current_msec += 1000;

    memset(&viewer, 0xa5, sizeof(viewer));
    untouched = viewer;
    who = origin(&token);

    state = dt_token_check(&token, &address, RING_NOW, &viewer);

    switch (state) {

    case DT_TOKEN_GOOD:
        passes(who, &viewer);
        break;

    case DT_TOKEN_REVOKED:
        must(who != NULL && who->state == DT_TOKEN_REVOKED);
        /* fall through */

    default:
        must(state != DT_TOKEN_THROTTLED);
        must(ngx_memcmp(&viewer, &untouched, sizeof(viewer)) == 0);
    }

    /* remembered or not */

    must(dt_token_check(&token, &address, RING_NOW, &viewer) == state);
}


/* Half of the time one part's bytes are altered, not its letters. */

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    u_char            bytes[3 * DT_TOKEN_MAX], *from, *rest;
    size_t            tail;
    ssize_t           len;
    ngx_str_t         token, part;
    dt_token_parts_t  parts;

    token.data = data;
    token.len = size;

    if (seed % 2 || size > DT_TOKEN_MAX
        || dt_token_split(&token, &parts) != NGX_OK)
    {
        return LLVMFuzzerMutate(data, size, max);
    }

    part = seed % 3 == 0 ? parts.header
                         : seed % 3 == 1 ? parts.payload : parts.signature;

    /* "Token " is no part of the header */

    while (seed % 3 == 0 && part.len
           && (from = ngx_strlchr(part.data, part.data + part.len, ' ')))
    {
        part.len -= from + 1 - part.data;
        part.data = from + 1;
    }

    len = dt_base64url_decode(bytes, &part);
    if (len <= 0) {
        return LLVMFuzzerMutate(data, size, max);
    }

    len = LLVMFuzzerMutate(bytes, len, ngx_min(sizeof(bytes), 1024));
    rest = part.data + part.len;
    tail = data + size - rest;

    if (part.data - data + ((size_t) len * 4 + 2) / 3 + tail > max) {
        return size;
    }

    memmove(part.data + ((size_t) len * 4 + 2) / 3, rest, tail);
    part.len = dt_base64url_encode(part.data, bytes, len);

    return part.data + part.len + tail - data;
}
