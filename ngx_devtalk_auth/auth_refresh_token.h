/*
 * Refresh tokens (RFC 6749 §1.5): 256 random bits as base64url.  The database
 * knows a token by its SHA-256 alone.  Its successor is kept in a form that
 * only the token itself can open, so that who asks twice gets the same one.
 * Pure but for the random bits.
 */

#ifndef _AUTH_REFRESH_TOKEN_H_INCLUDED_
#define _AUTH_REFRESH_TOKEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define AUTH_REFRESH_BYTES  32
#define AUTH_REFRESH_LEN    43                        /* of base64url */
#define AUTH_REFRESH_HEX    (2 * AUTH_REFRESH_BYTES)

typedef struct {
    u_char  bytes[AUTH_REFRESH_BYTES];
    u_char  text[AUTH_REFRESH_LEN + 1];               /* C strings */
    u_char  hash[AUTH_REFRESH_HEX + 1];
} auth_refresh_token_t;


void auth_refresh_token_make(auth_refresh_token_t *token);

/* NGX_DECLINED: "text" is no such token. */
ngx_int_t auth_refresh_token_read(auth_refresh_token_t *token,
    const ngx_str_t *text);

/* "sealed" is hexadecimal, a C string of AUTH_REFRESH_HEX bytes; to open it
 * gives NGX_DECLINED if "hex" is not that. */
void auth_refresh_token_seal(const auth_refresh_token_t *token,
    const auth_refresh_token_t *successor, u_char *sealed);
ngx_int_t auth_refresh_token_open(const auth_refresh_token_t *token,
    const ngx_str_t *hex, auth_refresh_token_t *successor);


#endif /* _AUTH_REFRESH_TOKEN_H_INCLUDED_ */
