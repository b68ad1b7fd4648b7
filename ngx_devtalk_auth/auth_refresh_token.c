/*
 * Refresh tokens.
 */

#include "auth_refresh_token.h"

#include <sodium.h>


#define AUTH_SEAL  "devtalk refresh token: successor "


static void auth_refresh_token_name(auth_refresh_token_t *token);
static void auth_refresh_token_mask(const auth_refresh_token_t *token,
    u_char *mask);


void
auth_refresh_token_make(auth_refresh_token_t *token)
{
    randombytes_buf(token->bytes, AUTH_REFRESH_BYTES);
    auth_refresh_token_name(token);
}


ngx_int_t
auth_refresh_token_read(auth_refresh_token_t *token, const ngx_str_t *text)
{
    size_t  len;

    if (sodium_base642bin(token->bytes, AUTH_REFRESH_BYTES,
                          (const char *) text->data, text->len, NULL, &len,
                          NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
            != 0
        || len != AUTH_REFRESH_BYTES || text->len != AUTH_REFRESH_LEN)
    {
        return NGX_DECLINED;
    }

    auth_refresh_token_name(token);

    return NGX_OK;
}


/* The text and the hash of the bytes. */

static void
auth_refresh_token_name(auth_refresh_token_t *token)
{
    u_char  digest[crypto_hash_sha256_BYTES];

    sodium_bin2base64((char *) token->text, sizeof(token->text),
                      token->bytes, AUTH_REFRESH_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    crypto_hash_sha256(digest, token->bytes, AUTH_REFRESH_BYTES);
    sodium_bin2hex((char *) token->hash, sizeof(token->hash), digest,
                   sizeof(digest));
}


void
auth_refresh_token_seal(const auth_refresh_token_t *token,
    const auth_refresh_token_t *successor, u_char *sealed)
{
    u_char      mask[AUTH_REFRESH_BYTES];
    ngx_uint_t  i;

    auth_refresh_token_mask(token, mask);

    for (i = 0; i < AUTH_REFRESH_BYTES; i++) {
        mask[i] ^= successor->bytes[i];
    }

    sodium_bin2hex((char *) sealed, AUTH_REFRESH_HEX + 1, mask, sizeof(mask));
}


ngx_int_t
auth_refresh_token_open(const auth_refresh_token_t *token,
    const ngx_str_t *hex, auth_refresh_token_t *successor)
{
    size_t      len;
    u_char      mask[AUTH_REFRESH_BYTES];
    ngx_uint_t  i;

    if (sodium_hex2bin(successor->bytes, AUTH_REFRESH_BYTES,
                       (const char *) hex->data, hex->len, NULL, &len, NULL)
            != 0
        || len != AUTH_REFRESH_BYTES || hex->len != AUTH_REFRESH_HEX)
    {
        return NGX_DECLINED;
    }

    auth_refresh_token_mask(token, mask);

    for (i = 0; i < AUTH_REFRESH_BYTES; i++) {
        successor->bytes[i] ^= mask[i];
    }

    auth_refresh_token_name(successor);

    return NGX_OK;
}


/* A one-time pad: it hides one text of as many bytes, the one successor, and
 * follows from what the database does not know. */

static void
auth_refresh_token_mask(const auth_refresh_token_t *token, u_char *mask)
{
    u_char  text[sizeof(AUTH_SEAL) - 1 + AUTH_REFRESH_BYTES];

    ngx_memcpy(text, AUTH_SEAL, sizeof(AUTH_SEAL) - 1);
    ngx_memcpy(text + sizeof(AUTH_SEAL) - 1, token->bytes,
               AUTH_REFRESH_BYTES);

    crypto_hash_sha256(mask, text, sizeof(text));
}
