/* sources: ngx_devtalk_core/dt_token.c ngx_devtalk_core/dt_token_claims.c ngx_devtalk_core/dt_token_key.c ngx_devtalk_core/dt_token_memory.c ngx_devtalk_core/dt_token_conf.c */
/* sources: ngx_devtalk_core/dt_json.c */
/* libs: -ljwt -ljansson -lcrypto */

/*
 * Tokens of every wrong kind, what a worker remembers, and what a check
 * costs.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "tap.h"
#include "dt_metrics.h"
#include "dt_token.h"
#include "dt_token_parts.h"


#define NOW      1700000000
#define SESSION  "0b5c9bd6-6ab8-4e38-a9d2-5b5c8a2a2a11"

#define HEADER   "{\"alg\":\"ES256\",\"kid\":\"new\",\"typ\":\"at+jwt\"}"
#define CLAIMS                                                                \
    "\"iss\":\"https://devtalk\",\"aud\":\"devtalk\",\"sub\":\"17\","         \
    "\"sid\":\"" SESSION "\",\"username\":\"anna\",\"role\":\"reader\","      \
    "\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\""


static EVP_PKEY     *new_key;      /* signs */
static EVP_PKEY     *old_key;      /* a public one, still accepted */
static EVP_PKEY     *other_key;    /* nobody knows it */
static dt_ring_t    *ring;         /* of the worker */
static char          directory[] = "/tmp/dt_token.XXXXXX";
static char          conf_error[1024];
static ngx_uint_t    counted[DT_M_COUNTERS];
static ngx_cycle_t   test_cycle;


/* Of nginx and core, what the sources call. */

void
dt_count(dt_counter_e counter, ngx_uint_t n)
{
    counted[counter] += n;
}


void
ngx_conf_log_error(ngx_uint_t level, ngx_conf_t *cf, ngx_err_t err,
    const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    *ngx_vslprintf((u_char *) conf_error,
                   (u_char *) conf_error + sizeof(conf_error) - 1, fmt, args)
        = '\0';
    va_end(args);
}


/* Helpers. */

static char *
file_name(const char *name)
{
    static char  path[256];

    snprintf(path, sizeof(path), "%s/%s.pem", directory, name);

    return path;
}


static void
write_key(const char *name, EVP_PKEY *key, int private)
{
    FILE  *f;

    f = fopen(file_name(name), "w");

    if (private) {
        PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    } else {
        PEM_write_PUBKEY(f, key);
    }

    fclose(f);
}


static char *
configure(dt_token_conf_t *conf, ngx_uint_t n, ...)
{
    va_list          args;
    ngx_uint_t       i;
    ngx_str_t        file;
    ngx_conf_t       cf;
    const char      *name;
    dt_token_key_t  *key;

    ngx_memzero(&cf, sizeof(cf));
    ngx_memzero(conf, sizeof(dt_token_conf_t));
    conf_error[0] = '\0';

    cf.pool = tap_pool;
    cf.log = &tap_log;
    ngx_str_set(&conf->issuer, "https://devtalk");
    ngx_str_set(&conf->audience, "devtalk");
    conf->lifetime = 900;
    conf->keys = ngx_array_create(tap_pool, 4, sizeof(dt_token_key_t));

    va_start(args, n);

    for (i = 0; i < n; i++) {
        key = ngx_array_push(conf->keys);
        name = va_arg(args, const char *);
        key->kid.data = (u_char *) name;
        key->kid.len = strlen(name);
        file = tap_slice(file_name(name), strlen(file_name(name)) + 1);
        key->file.data = file.data;
        key->file.len = file.len - 1;
        key->signing = va_arg(args, int);
        key->until = 0;
    }

    va_end(args);

    name = dt_token_configure(&cf, conf);

    return (char *) name;
}


static size_t
es256(EVP_PKEY *key, const ngx_str_t *text, u_char *out)
{
    dt_key_t  signer;

    ngx_memzero(&signer, sizeof(signer));
    signer.pkey = key;
    dt_key_sign(&signer, text, out);

    return DT_ES256_SIZE;
}


static size_t
hs256(const char *secret, const ngx_str_t *text, u_char *out)
{
    unsigned  len;

    HMAC(EVP_sha256(), secret, (int) strlen(secret), text->data, text->len, out,
         &len);

    return len;
}


/* A token of any text, signed by "key", or by HMAC with "secret", or not. */

static ngx_str_t
forge(const char *header, const char *claims, EVP_PKEY *key,
    const char *secret)
{
    u_char            signature[64];
    size_t            n;
    ngx_str_t         token;
    static u_char     buf[8192];

    token.data = buf;
    token.len = dt_base64url_encode(buf, (u_char *) header, strlen(header));
    buf[token.len++] = '.';
    token.len += dt_base64url_encode(buf + token.len, (u_char *) claims,
                                     strlen(claims));

    n = key ? es256(key, &token, signature)
            : secret ? hs256(secret, &token, signature) : 0;

    buf[token.len++] = '.';
    token.len += dt_base64url_encode(buf + token.len, signature, n);

    return tap_slice(token.data, token.len);
}


static dt_token_e
check_from(ngx_str_t token, const char *address, time_t now)
{
    ngx_str_t    from;
    dt_viewer_t  viewer;

    ngx_memzero(&viewer, sizeof(viewer));
    from.data = (u_char *) address;
    from.len = strlen(address);

    return dt_token_check(&token, &from, now, &viewer);
}


/* Each time from another address: the limit has a test of its own. */

static dt_token_e
check(ngx_str_t token, time_t now)
{
    char             address[64];
    static unsigned  n;

    n++;
    snprintf(address, sizeof(address), "10.%u.%u.%u", n >> 16, n >> 8 & 255,
             n & 255);

    return check_from(token, address, now);
}


static ngx_str_t
issue(const char *session, const char *username, time_t now)
{
    char         *text;
    ngx_str_t     token;
    dt_viewer_t   viewer;

    ngx_memzero(&viewer, sizeof(viewer));
    viewer.user = 17;
    ngx_cpystrn(viewer.session, (u_char *) session, sizeof(viewer.session));
    ngx_cpystrn(viewer.username, (u_char *) username,
                sizeof(viewer.username));
    ngx_cpystrn(viewer.role, (u_char *) "reader", sizeof(viewer.role));

    text = dt_token_issue(&viewer, now);
    token = tap_slice(text, strlen(text));
    free(text);

    return token;
}


static void
starts(void)
{
    EVP_PKEY         *p384;
    dt_token_conf_t   conf;

    p384 = EVP_EC_gen("P-384");
    new_key = EVP_EC_gen("P-256");
    old_key = EVP_EC_gen("P-256");
    other_key = EVP_EC_gen("P-256");

    ok(mkdtemp(directory) != NULL, "a directory for keys");
    write_key("new", new_key, 1);
    write_key("old", old_key, 0);
    write_key("wide", p384, 1);
    EVP_PKEY_free(p384);
    fclose(fopen(file_name("empty"), "w"));

    ok(configure(&conf, 1, "gone", 1) == NGX_CONF_ERROR, "a missing file");
    ok(configure(&conf, 1, "empty", 1) == NGX_CONF_ERROR, "an empty file");
    ok(strstr(conf_error, "empty.pem\" is no PEM"), "... says so: %s",
       conf_error);
    ok(configure(&conf, 1, "wide", 1) == NGX_CONF_ERROR, "a key on P-384");
    ok(strstr(conf_error, "is not an EC key on P-256"), "... says so");
    ok(configure(&conf, 1, "old", 1) == NGX_CONF_ERROR,
       "a public key cannot sign");
    ok(configure(&conf, 1, "old", 0) == NGX_CONF_ERROR, "nobody signs");
    ok(configure(&conf, 2, "new", 1, "new", 0) == NGX_CONF_ERROR,
       "one name twice");
    ok(configure(&conf, 1, "n\"w", 1) == NGX_CONF_ERROR, "a bad name");

    is_text(configure(&conf, 2, "new", 1, "old", 0), NGX_CONF_OK,
            "a signing key and an old one: %s", conf_error);
    ring = conf.ring;

    test_cycle.log = &tap_log;
    is(dt_token_init_worker(&test_cycle, &conf), NGX_OK, "a worker starts");
}


static void
ends(void)
{
    remove(file_name("new"));
    remove(file_name("old"));
    remove(file_name("wide"));
    remove(file_name("empty"));
    remove(directory);
    EVP_PKEY_free(new_key);
    EVP_PKEY_free(old_key);
    EVP_PKEY_free(other_key);
}


static const char *
key_set(time_t now)
{
    ngx_str_t    text;
    static char  jwks[1024];

    text = dt_token_jwks(tap_pool, now);
    snprintf(jwks, sizeof(jwks), "%.*s", (int) text.len, text.data);
    is(text.len, strlen(jwks), "a key set without a NUL");

    return jwks;
}


static void
publishes(void)
{
    const char   *jwks;
    static char   start[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",";

    jwks = key_set(NOW);

    ok(strncmp(jwks, start, strlen(start)) == 0
       && strstr(jwks, "\"kid\":\"new\"") && strstr(jwks, "\"kid\":\"old\"")
       && strcmp(jwks + strlen(jwks) - 3, "}]}") == 0,
       "the key set has both keys");
    ok(strstr(jwks, "\"d\"") == NULL, "and no private part");
}


/* Last of all: the old key has an end from here on. */

static void
retires(void)
{
    ngx_str_t     token, from;
    dt_viewer_t   viewer;
    static char   header[] = "{\"alg\":\"ES256\",\"kid\":\"old\","
                             "\"typ\":\"at+jwt\"}";

    ring->keys[1].until = NOW + 100;

    token = forge(header, "{" CLAIMS ",\"more\":\"early\"}", old_key, NULL);
    ngx_str_set(&from, "198.51.100.7");

    is(dt_token_check(&token, &from, NOW, &viewer), DT_TOKEN_GOOD,
       "a retired key's token, before its end");
    is(viewer.expires, NOW + 100, "is good until then");
    is(check(token, NOW + 99), DT_TOKEN_GOOD, "remembered in its last second");
    is(check(token, NOW + 100), DT_TOKEN_BAD, "and not afterwards");

    is(check(forge(header, "{" CLAIMS ",\"more\":\"late\"}", old_key, NULL),
             NOW + 100),
       DT_TOKEN_BAD, "nor is one that was never seen");

    ok(strstr(key_set(NOW + 99), "\"old\""), "the key set has it");
    ok(!strstr(key_set(NOW + 100), "\"old\""), "until it has ended");
    ok(strstr(key_set(NOW + 100), "\"new\""), "the other one stays");
}


static void
accepts(void)
{
    ngx_str_t    token, from;
    dt_viewer_t  viewer;

    token = issue(SESSION, "anna", NOW);
    ngx_str_set(&from, "127.0.0.1");
    ngx_memzero(&viewer, sizeof(viewer));

    is(dt_token_check(&token, &from, NOW, &viewer), DT_TOKEN_GOOD,
       "a token of our own");
    is(viewer.user, 17, "its user");
    is(viewer.expires, NOW + 900, "its end");
    is_text((char *) viewer.username, "anna", "its name");
    is_text((char *) viewer.session, SESSION, "its session");
    is_text((char *) viewer.role, "reader", "its role");

    is(counted[DT_M_TOKEN_VERIFIED], 1, "was verified");
    is(check(token, NOW), DT_TOKEN_GOOD, "again");
    is(counted[DT_M_TOKEN_REMEMBERED], 1, "was remembered");
    is(counted[DT_M_TOKEN_VERIFIED], 1, "and not verified again");

    is(check(token, NOW + 899), DT_TOKEN_GOOD, "in its last second");
    is(check(token, NOW + 900), DT_TOKEN_BAD, "a remembered one expires");

    is(check(forge("{\"alg\":\"ES256\",\"kid\":\"old\",\"typ\":\"at+jwt\"}",
                   "{" CLAIMS "}", old_key, NULL), NOW),
       DT_TOKEN_GOOD, "one of the old key");
    is(check(forge(HEADER, "{" CLAIMS ",\"more\":[1]}", new_key, NULL), NOW),
       DT_TOKEN_GOOD, "one with a claim that we do not know");
    is(check(forge(HEADER, "{" CLAIMS "}", new_key, NULL), NOW - 5),
       DT_TOKEN_GOOD, "the clocks of two nodes may differ by 5 s");

    from = issue(SESSION, "anna", NOW);
    token = issue(SESSION, "anna", NOW);
    ok(from.len == token.len && memcmp(from.data, token.data, token.len) != 0,
       "two tokens of one second differ");
}


typedef struct {
    const char  *name;
    const char  *header;
    const char  *claims;
} forgery_t;


/* All signed by our own key: it is what they say that is wrong. */

static const forgery_t  forgeries[] = {
    { "alg none", "{\"alg\":\"none\",\"kid\":\"new\",\"typ\":\"at+jwt\"}",
      NULL },
    { "alg HS256", "{\"alg\":\"HS256\",\"kid\":\"new\",\"typ\":\"at+jwt\"}",
      NULL },
    { "alg ES384", "{\"alg\":\"ES384\",\"kid\":\"new\",\"typ\":\"at+jwt\"}",
      NULL },
    { "no alg", "{\"kid\":\"new\",\"typ\":\"at+jwt\"}", NULL },
    { "another kid", "{\"alg\":\"ES256\",\"kid\":\"no\",\"typ\":\"at+jwt\"}",
      NULL },
    { "the other key's kid",
      "{\"alg\":\"ES256\",\"kid\":\"old\",\"typ\":\"at+jwt\"}", NULL },
    { "no kid", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", NULL },
    { "kid no text", "{\"alg\":\"ES256\",\"kid\":1,\"typ\":\"at+jwt\"}",
      NULL },
    { "typ JWT", "{\"alg\":\"ES256\",\"kid\":\"new\",\"typ\":\"JWT\"}",
      NULL },
    { "no typ", "{\"alg\":\"ES256\",\"kid\":\"new\"}", NULL },
    { "crit", "{\"alg\":\"ES256\",\"kid\":\"new\",\"typ\":\"at+jwt\","
      "\"crit\":[]}", NULL },
    { "alg twice", "{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"new\","
      "\"typ\":\"at+jwt\"}", NULL },
    { "header no object", "[\"ES256\"]", NULL },
    { "header no JSON", "{\"alg\":\"ES256\"", NULL },
    { "more behind the header", HEADER "{}", NULL },
    { "no claims", HEADER, "{}" },
    { "claims no object", HEADER, "[]" },
    { "claims no JSON", HEADER, "{" CLAIMS },
    { "sub twice", HEADER, "{" CLAIMS ",\"sub\":\"1\"}" },
    { "exp twice", HEADER, "{" CLAIMS ",\"exp\":1700000901}" },
    { "NUL in a claim", HEADER, "{" CLAIMS ",\"more\":\"\\u0000\"}" },
    { "bad UTF-8", HEADER, "{" CLAIMS ",\"more\":\"\xc0\x80\"}" },
    { "nbf in the future", HEADER, "{" CLAIMS ",\"nbf\":1700000006}" },
    { "nbf no number", HEADER, "{" CLAIMS ",\"nbf\":\"0\"}" },
    { NULL, NULL, NULL }
};


typedef struct {
    const char  *claim;      /* as CLAIMS has it */
    const char  *wrong;      /* in its place; "": without */
} change_t;


static const change_t  changes[] = {
    { "\"iss\":\"https://devtalk\",", "" },
    { "\"iss\":\"https://devtalk\"", "\"iss\":\"https://devtalk/\"" },
    { "\"aud\":\"devtalk\",", "" },
    { "\"aud\":\"devtalk\"", "\"aud\":\"other\"" },
    { "\"aud\":\"devtalk\"", "\"aud\":[\"devtalk\"]" },
    { "\"sub\":\"17\",", "" },
    { "\"sub\":\"17\"", "\"sub\":17" },
    { "\"sub\":\"17\"", "\"sub\":\"\"" },
    { "\"sub\":\"17\"", "\"sub\":\"0\"" },
    { "\"sub\":\"17\"", "\"sub\":\"-17\"" },
    { "\"sub\":\"17\"", "\"sub\":\"017\"" },
    { "\"sub\":\"17\"", "\"sub\":\"17 \"" },
    { "\"sub\":\"17\"", "\"sub\":\"9223372036854775808\"" },
    { "\"sub\":\"17\"", "\"sub\":\"99999999999999999999999\"" },
    { "\"sid\":\"" SESSION "\",", "" },
    { "\"sid\":\"" SESSION "\"", "\"sid\":\"\"" },
    { "\"sid\":\"" SESSION "\"", "\"sid\":\"" SESSION "12345\"" },
    { "\"username\":\"anna\",", "" },
    { "\"username\":\"anna\"", "\"username\":\"0123456789012345678901234567"
      "8901234567890123456789012345678901234\"" },
    { "\"role\":\"reader\",", "" },
    { "\"role\":\"reader\"", "\"role\":\"01234567890123456\"" },
    { ",\"jti\":\"x\"", "" },
    { "\"iat\":1700000000,", "" },
    { "\"iat\":1700000000", "\"iat\":1700000006" },
    { "\"iat\":1700000000", "\"iat\":1699999999" },
    { "\"iat\":1700000000", "\"iat\":-1" },
    { "\"exp\":1700000900,", "" },
    { "\"exp\":1700000900", "\"exp\":1700000000" },
    { "\"exp\":1700000900", "\"exp\":1700000901" },
    { "\"exp\":1700000900", "\"exp\":\"1700000900\"" },
    { "\"exp\":1700000900", "\"exp\":1700000900.0" },
    { "\"exp\":1700000900", "\"exp\":1e300" },
    { "\"exp\":1700000900", "\"exp\":9223372036854775807" },
    { "\"exp\":1700000900", "\"exp\":-9223372036854775808" },
    { "\"exp\":1700000900", "\"exp\":9223372036854775808" },
    { NULL, NULL }
};


static void
refuses_forgeries(void)
{
    char              claims[2048], *place;
    const change_t   *c;
    const forgery_t  *f;

    for (f = forgeries; f->name; f++) {
        is(check(forge(f->header, f->claims ? f->claims : "{" CLAIMS "}",
                       new_key, NULL), NOW),
           DT_TOKEN_BAD, "%s", f->name);
    }

    for (c = changes; c->claim; c++) {
        strcpy(claims, "{" CLAIMS "}");
        place = strstr(claims, c->claim);
        snprintf(place, sizeof(claims) - (place - claims), "%s%s", c->wrong,
                 strstr("{" CLAIMS "}", c->claim) + strlen(c->claim));

        is(check(forge(HEADER, claims, new_key, NULL), NOW), DT_TOKEN_BAD,
           "%s%s%s", c->claim, *c->wrong ? " as " : " left out", c->wrong);
    }

    is(check(forge(HEADER, "{" CLAIMS "}", new_key, NULL), NOW + 900),
       DT_TOKEN_BAD, "expired, unseen before");
}


/* What design.md found: the public key's text is no secret. */

static void
refuses_other_signatures(void)
{
    FILE  *f;
    char   pem[1024];

    write_key("public", new_key, 0);
    f = fopen(file_name("public"), "r");
    pem[fread(pem, 1, sizeof(pem) - 1, f)] = '\0';
    fclose(f);
    remove(file_name("public"));

    is(check(forge("{\"alg\":\"HS256\",\"kid\":\"new\",\"typ\":\"at+jwt\"}",
                   "{" CLAIMS "}", NULL, pem), NOW),
       DT_TOKEN_BAD, "HS256 with the bytes of the public key");
    is(check(forge(HEADER, "{" CLAIMS "}", NULL, pem), NOW), DT_TOKEN_BAD,
       "the same that says ES256");
    is(check(forge("{\"alg\":\"none\",\"kid\":\"new\",\"typ\":\"at+jwt\"}",
                   "{" CLAIMS "}", NULL, NULL), NOW),
       DT_TOKEN_BAD, "none, unsigned");
    is(check(forge(HEADER, "{" CLAIMS "}", NULL, NULL), NOW), DT_TOKEN_BAD,
       "ES256, unsigned");
    is(check(forge(HEADER, "{" CLAIMS "}", other_key, NULL), NOW),
       DT_TOKEN_BAD, "signed by a stranger's key");
    is(check(forge(HEADER, "{" CLAIMS "}", old_key, NULL), NOW),
       DT_TOKEN_BAD, "signed by the old key in the new one's name");
}


static void
refuses_altered(void)
{
    size_t       i, good;
    ngx_str_t    token, copy, long_one;
    static char  big[DT_TOKEN_MAX * 2];

    token = issue(SESSION, "altered", NOW);
    good = 0;

    for (i = 0; i < token.len; i++) {
        copy = tap_slice(token.data, token.len);
        copy.data[i] = copy.data[i] == 'A' ? 'B' : 'A';
        good += check(copy, NOW) == DT_TOKEN_GOOD;
    }

    is(good, 0, "no token with one letter altered, of %d", (int) token.len);

    /* the last letter of 64 bytes has two bits, and four that say nothing */

    for (i = 0; i < 64; i++) {
        copy = tap_slice(token.data, token.len);
        copy.data[token.len - 1] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            [i];
        good += check(copy, NOW) == DT_TOKEN_GOOD;
    }

    is(good, 1, "one text for one token");

    for (i = 0, good = 0; i < token.len; i++) {
        good += check(tap_slice(token.data, i), NOW) == DT_TOKEN_GOOD;
    }

    is(good, 0, "no truncated token");

    memset(big, 'A', sizeof(big));
    memcpy(big, token.data, token.len);
    is(check(tap_slice(big, DT_TOKEN_MAX + 1), NOW), DT_TOKEN_BAD,
       "too long");
    is(check(tap_slice(big, DT_TOKEN_MAX), NOW), DT_TOKEN_BAD,
       "as long as one may be");
    memset(big, '.', sizeof(big));
    is(check(tap_slice(big, DT_TOKEN_MAX), NOW), DT_TOKEN_BAD, "only dots");

    snprintf(big, sizeof(big), "{" CLAIMS ",\"more\":\"%01600d\"}", 0);
    long_one = forge(HEADER, big, new_key, NULL);
    ok(long_one.len > DT_TOKEN_MAX, "a signed one of %d bytes",
       (int) long_one.len);
    is(check(long_one, NOW), DT_TOKEN_BAD, "... is refused unread");

    memset(big, '[', 1000);
    big[1000] = '\0';
    is(check(forge(HEADER, big, new_key, NULL), NOW), DT_TOKEN_BAD, "deep");

    ngx_str_null(&copy);
    is(check(copy, NOW), DT_TOKEN_BAD, "an empty one");
    is(check(token, NOW), DT_TOKEN_GOOD, "it is good as it was");
}


static void
revokes(void)
{
    ngx_str_t  token, fresh, session;

    ngx_str_set(&session, "5e551011");
    token = issue("5e551011", "anna", NOW);
    fresh = issue("5e551011", "anna", NOW + 1);

    is(check(token, NOW), DT_TOKEN_GOOD, "a session lives");

    ngx_time_update();
    is(dt_token_revoke(&session, ngx_time() + 1000), NGX_OK, "it ends");

    is(check(token, NOW), DT_TOKEN_REVOKED, "a remembered token of it dies");
    is(check(fresh, NOW + 1), DT_TOKEN_REVOKED, "so does one not yet seen");
    is(check(issue("5e551012", "anna", NOW), NOW), DT_TOKEN_GOOD,
       "another session lives on");
}


static void
remembers_sessions(void)
{
    char          name[DT_SESSION_MAX + 1];
    ngx_uint_t    i, n;
    ngx_str_t     session;
    dt_memory_t  *memory;

    memory = dt_memory_create();
    session.data = (u_char *) name;

    for (i = 0; i < 20000; i++) {
        session.len = snprintf(name, sizeof(name), "session-%d", (int) i);
        dt_memory_revoke(memory, &session, i < 10000 ? 50 : 100, 10);
    }

    for (i = 0, n = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "session-%d", (int) i);
        n += dt_memory_revoked(memory, (u_char *) name, 60);
    }

    is(n, 10000, "20000 sessions end, half of them are over");

    strcpy(name, "session-10000");
    session.len = strlen(name);
    dt_memory_revoke(memory, &session, 70, 60);
    is(dt_memory_revoked(memory, (u_char *) name, 99), 1,
       "the later end counts");
    is(dt_memory_revoked(memory, (u_char *) name, 100), 0, "and it ends");
    is(dt_memory_revoked(memory, (u_char *) "nobody", 60), 0,
       "others are not touched");

    dt_memory_destroy(memory);
}


static void
remembers_tokens(void)
{
    u_char        hash[DT_TOKEN_HASH];
    uint32_t      i, found;
    dt_memory_t  *memory;
    dt_viewer_t   viewer, other;

    memory = dt_memory_create();
    ngx_memzero(hash, sizeof(hash));
    ngx_memzero(&viewer, sizeof(viewer));
    viewer.expires = 100;

    is(dt_memory_find(memory, hash, 1, &other), NGX_DECLINED,
       "an empty place is no token");

    /* one set: the first bytes are its number */

    for (i = 1; i <= 5; i++) {
        hash[20] = i;
        viewer.user = i;
        dt_memory_keep(memory, hash, 1, &viewer);

        hash[20] = 1;
        (void) dt_memory_find(memory, hash, 1, &other);
    }

    for (i = 1, found = 0; i <= 5; i++) {
        hash[20] = i;
        if (dt_memory_find(memory, hash, 1, &other) == NGX_OK) {
            is(other.user, i, "its own viewer");
            found++;
        }
    }

    is(found, 4, "a set keeps four");

    hash[20] = 1;
    is(dt_memory_find(memory, hash, 1, &other), NGX_OK,
       "the one in use stays");
    is(dt_memory_find(memory, hash, 100, &other), NGX_DECLINED,
       "until it expires");

    for (i = 0; i < 100000; i++) {
        ngx_memcpy(hash, &i, sizeof(i));
        viewer.user = i + 1;
        dt_memory_keep(memory, hash, 1, &viewer);
    }

    is(dt_memory_find(memory, hash, 1, &other), NGX_OK, "after 100000 others");
    is(other.user, 100000, "the newest is there");

    dt_memory_destroy(memory);
}


static void
throttles(void)
{
    size_t      i, n;
    ngx_str_t   bad, good;

    bad = forge(HEADER, "{" CLAIMS "}", other_key, NULL);
    good = issue("5e551013", "anna", NOW);

    ngx_current_msec = 1000;

    for (i = 0, n = 0; i < 100; i++) {
        n += check_from(bad, "192.0.2.1", NOW) == DT_TOKEN_BAD;
    }

    is(n, 50, "an address has 50 bad signatures");
    is(check_from(bad, "192.0.2.1", NOW), DT_TOKEN_THROTTLED,
       "then it has to wait");
    is(check_from(good, "192.0.2.1", NOW), DT_TOKEN_THROTTLED,
       "with a good token, too, if it is a new one");
    is(check_from(good, "192.0.2.2", NOW), DT_TOKEN_GOOD,
       "a neighbour does not");
    is(check_from(good, "192.0.2.1", NOW), DT_TOKEN_GOOD,
       "nor does a remembered token");

    ngx_current_msec = 1200;
    is(check_from(bad, "192.0.2.1", NOW), DT_TOKEN_BAD, "one more in 0.2 s");
    is(check_from(bad, "192.0.2.1", NOW), DT_TOKEN_THROTTLED,
       "but one only");

    ngx_current_msec = 1500;
    good = issue("5e551015", "anna", NOW);
    is(check_from(good, "192.0.2.1", NOW), DT_TOKEN_GOOD,
       "a good one does not use it up");
    is(check_from(bad, "192.0.2.1", NOW), DT_TOKEN_BAD, "a bad one does");

    ngx_current_msec = 20000;

    for (i = 0, n = 0; i < 100; i++) {
        n += check_from(bad, "192.0.2.1", NOW) == DT_TOKEN_BAD;
    }

    is(n, 50, "all is forgiven after 10 s");

    for (i = 0; i < 50; i++) {
        check_from(bad, i % 2 ? "2001:db8::1" : "2001:db8::ffff:1", NOW);
    }

    is(check_from(bad, "2001:db8::2", NOW), DT_TOKEN_THROTTLED,
       "a /64 is one client");
    is(check_from(bad, "2001:db8:0:1::2", NOW), DT_TOKEN_BAD,
       "the next one is another");
    is(check_from(bad, "::ffff:192.0.2.9", NOW), DT_TOKEN_BAD,
       "IPv4 in IPv6");
    is(check_from(bad, "unix:", NOW), DT_TOKEN_BAD, "a socket");

    for (i = 0, n = 0; i < 200; i++) {
        n += check(tap_slice("a.b.c", 5), NOW) == DT_TOKEN_BAD;
    }

    is(n, 200, "what costs nothing does not count");
}


static void
base64url(void)
{
    u_char       out[64];
    size_t       i;
    ngx_str_t    text;
    static const char *good[] = { "", "Zg", "Zm8", "Zm9v", "Zm9vYg",
                                  "Zm9vYmE", "Zm9vYmFy" };
    static const char *bad[] = { "Z", "Zg=", "Zg==", "Zh", "Zm9", "Zm9vYg ",
                                 "Zm+v", "Zm/v", "Zm9vY" };

    for (i = 0; i < 7; i++) {
        text = tap_slice(good[i], strlen(good[i]));
        is(dt_base64url_decode(out, &text), i, "\"%s\" decodes", good[i]);
        ok(memcmp(out, "foobar", i) == 0, "to what it was");
        is(dt_base64url_encode(out, (u_char *) "foobar", i), strlen(good[i]),
           "and back");
        ok(memcmp(out, good[i], strlen(good[i])) == 0, "to the same");
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        text = tap_slice(bad[i], strlen(bad[i]));
        is(dt_base64url_decode(out, &text), NGX_ERROR, "\"%s\" is refused",
           bad[i]);
    }
}


static void
costs(void)
{
    int        i;
    uint64_t   start;
    ngx_str_t  token, bad;

    token = issue("5e551014", "anna", NOW);
    bad = forge(HEADER, "{" CLAIMS "}", other_key, NULL);

    start = tap_clock();
    for (i = 0; i < 200; i++) {
        check(bad, NOW);
    }
    note("a signature is checked in %.1f us",
         (double) (tap_clock() - start) / 200 / 1e3);

    check_from(token, "192.0.2.77", NOW);
    start = tap_clock();
    for (i = 0; i < 20000; i++) {
        check_from(token, "192.0.2.77", NOW);
    }
    note("a remembered token of %d bytes in %.2f us", (int) token.len,
         (double) (tap_clock() - start) / 20000 / 1e3);

    start = tap_clock();
    for (i = 0; i < 200; i++) {
        issue("5e551014", "anna", NOW);
    }
    note("a token is made in %.1f us",
         (double) (tap_clock() - start) / 200 / 1e3);
}


int
main(void)
{
    tap_start();

    starts();
    publishes();
    accepts();
    refuses_forgeries();
    refuses_other_signatures();
    refuses_altered();
    revokes();
    remembers_sessions();
    remembers_tokens();
    throttles();
    base64url();
    costs();
    retires();
    ends();

    return done();
}
