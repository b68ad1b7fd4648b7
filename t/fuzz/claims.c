/*
 * Header and claims of tokens, whoever signed them.  An input is the header's
 * JSON on a line, and the claims' JSON.
 */

/* sources: t/fuzz/lib/ring.c ngx_devtalk_core/dt_token.c */
/* sources: ngx_devtalk_core/dt_token_claims.c */
/* sources: ngx_devtalk_core/dt_token_key.c */
/* sources: ngx_devtalk_core/dt_json.c */
/* sources: ngx_devtalk_core/dt_token_memory.c */
/* libs: -ljwt -ljansson -lcrypto */

#include "fuzz.h"
#include "lib/ring.h"

#include <jansson.h>


static ngx_str_t
encoded(const ngx_str_t *text)
{
    ngx_str_t  letters, bytes;

    letters.data = ngx_pnalloc(fuzz_pool, text->len * 4 / 3 + 3);
    bytes.data = ngx_pnalloc(fuzz_pool, text->len + 3);
    must(letters.data != NULL && bytes.data != NULL);

    letters.len = dt_base64url_encode(letters.data, text->data, text->len);
    bytes.len = dt_base64url_decode(bytes.data, &letters);
    must(fuzz_same(&bytes, text));

    return letters;
}


/* One value has one text. */

static void
decodes(const ngx_str_t *text)
{
    ssize_t    len;
    ngx_str_t  bytes, again;

    bytes.data = ngx_pnalloc(fuzz_pool, text->len * 3 / 4);
    must(bytes.data != NULL);

    len = dt_base64url_decode(bytes.data, text);
    if (len == NGX_ERROR) {
        return;
    }

    bytes.len = len;
    again = encoded(&bytes);
    must(fuzz_same(&again, text));
}


static ngx_uint_t
is(json_t *json, const char *name, const char *expected)
{
    json_t  *value;

    value = json_object_get(json, name);

    return json_is_string(value)
           && json_string_length(value) == strlen(expected)
           && strcmp(json_string_value(value), expected) == 0;
}


static json_t *
read_json(const ngx_str_t *text)
{
    return json_loadb((char *) text->data, text->len, 0, NULL);
}


static void
header_good(const ngx_str_t *text)
{
    json_t  *json;

    json = read_json(text);
    must(is(json, "alg", "ES256") && is(json, "typ", "at+jwt")
         && is(json, "kid", "fuzz"));
    must(json_object_get(json, "crit") == NULL);
    json_decref(json);
}


static void
claims_good(const ngx_str_t *text, const dt_viewer_t *viewer)
{
    char         sub[NGX_INT64_LEN + 1];
    json_t      *json;
    json_int_t   iat;

    json = read_json(text);
    *ngx_sprintf((u_char *) sub, "%L", viewer->user) = '\0';

    must(is(json, "iss", RING_ISSUER) && is(json, "aud", RING_AUDIENCE));
    must(viewer->user > 0 && is(json, "sub", sub));
    must(is(json, "username", (char *) viewer->username));
    must(is(json, "sid", (char *) viewer->session));
    must(is(json, "role", (char *) viewer->role));
    must(viewer->username[0] && viewer->session[0] && viewer->role[0]);

    iat = json_integer_value(json_object_get(json, "iat"));
    must(viewer->expires
         == json_integer_value(json_object_get(json, "exp")));
    must(viewer->expires > RING_NOW && iat <= RING_NOW + 5
         && viewer->expires - iat <= 900);

    json_decref(json);
}


/* With our signature it is a token, and with any other text it is none. */

static void
signs(const ngx_str_t *header, const ngx_str_t *claims,
    const dt_viewer_t *expected)
{
    u_char      *flipped, signature[DT_ES256_SIZE];
    ngx_str_t    token, address;
    dt_viewer_t  viewer;

    ngx_str_set(&address, "127.0.0.1");
    ngx_current_msec += 1000;

    token.data = ngx_pnalloc(fuzz_pool, header->len + claims->len + 100);
    must(token.data != NULL);
    token.len = ngx_sprintf(token.data, "%V.%V", header, claims)
                - token.data;
    must(dt_key_sign(ring.signer, &token, signature) == NGX_OK);

    token.data[token.len++] = '.';
    token.len += dt_base64url_encode(token.data + token.len, signature,
                                     DT_ES256_SIZE);

    if (token.len > DT_TOKEN_MAX) {
        must(dt_token_check(&token, &address, RING_NOW, &viewer)
             == DT_TOKEN_BAD);
        return;
    }

    must(dt_token_check(&token, &address, RING_NOW, &viewer)
         == DT_TOKEN_GOOD);
    must(ngx_memcmp(&viewer, expected, sizeof(viewer)) == 0);
    must(dt_token_check(&token, &address, expected->expires, &viewer)
         == DT_TOKEN_BAD);

    flipped = token.data + signature[0] % (header->len + claims->len + 1);
    *flipped ^= 1;
    must(dt_token_check(&token, &address, RING_NOW, &viewer)
         == DT_TOKEN_BAD);
}


void
fuzz_start(void)
{
    ring_start();
}


void
fuzz_one(ngx_str_t input)
{
    ngx_str_t        header, claims, header_text, claims_text;
    dt_viewer_t      viewer;
    const dt_key_t  *key;

    header = fuzz_cut(&input, '\n');
    claims = fuzz_take(&input, input.len);

    decodes(&header);
    decodes(&claims);

    header_text = encoded(&header);
    claims_text = encoded(&claims);
    ngx_memzero(&viewer, sizeof(viewer));

    key = dt_token_header(&ring, &header_text, RING_NOW);

    if (key) {
        must(key == ring.signer);
        header_good(&header);
    }

    if (dt_token_claims(&ring, &claims_text, RING_NOW, &viewer) == NGX_OK) {
        claims_good(&claims, &viewer);

        if (key) {
            signs(&header_text, &claims_text, &viewer);
        }
    }
}
