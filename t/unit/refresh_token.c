/* sources: ngx_devtalk_auth/auth_refresh_token.c */
/* libs: -lsodium */

/*
 * Refresh tokens: their text, their hash, and what only they can read.
 */

#include <sodium.h>

#include "tap.h"
#include "auth_refresh_token.h"


static ngx_int_t
reads(const char *text)
{
    ngx_str_t             str;
    auth_refresh_token_t  token;

    str.data = (u_char *) text;
    str.len = ngx_strlen(text);

    return auth_refresh_token_read(&token, &str) == NGX_OK;
}


static void
texts(void)
{
    ngx_str_t             text;
    auth_refresh_token_t  one, same, other;

    auth_refresh_token_make(&one);
    auth_refresh_token_make(&other);

    is(ngx_strlen(one.text), AUTH_REFRESH_LEN, "a text of 43 characters");
    is(ngx_strlen(one.hash), AUTH_REFRESH_HEX, "a hash of 64 digits");
    ok(ngx_strcmp(one.text, other.text) != 0, "two are not the same");

    text.data = one.text;
    text.len = AUTH_REFRESH_LEN;
    ok(auth_refresh_token_read(&same, &text) == NGX_OK, "is read again");
    ok(ngx_strcmp(same.hash, one.hash) == 0, "and has the same hash");

    ok(reads("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "a text of zeros");
    ok(!reads(""), "nothing is none");
    ok(!reads("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "too short");
    ok(!reads("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "too long");
    ok(!reads("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), "padded");
    ok(!reads("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+"), "of base64");
    ok(!reads("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"),
       "bits behind the last byte");
    ok(!reads("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAA"), "a blank");
}


static void
seals(void)
{
    u_char                sealed[AUTH_REFRESH_HEX + 1];
    ngx_str_t             hex;
    auth_refresh_token_t  token, stranger, successor, opened;

    auth_refresh_token_make(&token);
    auth_refresh_token_make(&stranger);
    auth_refresh_token_make(&successor);
    auth_refresh_token_seal(&token, &successor, sealed);

    hex.data = sealed;
    hex.len = ngx_strlen(sealed);
    is(hex.len, AUTH_REFRESH_HEX, "sealed: 64 digits");

    ok(auth_refresh_token_open(&token, &hex, &opened) == NGX_OK
       && ngx_strcmp(opened.text, successor.text) == 0
       && ngx_strcmp(opened.hash, successor.hash) == 0,
       "the token opens it");

    ok(auth_refresh_token_open(&stranger, &hex, &opened) == NGX_OK
       && ngx_strcmp(opened.text, successor.text) != 0,
       "another finds something else");

    hex.len--;
    ok(auth_refresh_token_open(&token, &hex, &opened) == NGX_DECLINED,
       "cut short");

    hex.len = 0;
    ok(auth_refresh_token_open(&token, &hex, &opened) == NGX_DECLINED,
       "nothing");

    hex.len = AUTH_REFRESH_HEX;
    hex.data[3] = 'g';
    ok(auth_refresh_token_open(&token, &hex, &opened) == NGX_DECLINED,
       "no digits");
}


int
main(void)
{
    tap_start();

    if (sodium_init() == -1) {
        return 1;
    }

    texts();
    seals();

    return done();
}
