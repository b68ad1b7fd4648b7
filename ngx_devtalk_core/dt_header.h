/*
 * What some request headers say.  Pure; nothing here is trusted.
 */

#ifndef _DT_HEADER_H_INCLUDED_
#define _DT_HEADER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * If-None-Match (RFC 9110 §13.1.2): 1 if "field" is "*" or lists "etag"
 * (without quotes) by weak comparison (§8.8.3.2).  A field that breaks the
 * grammar anywhere matches nothing: the client gets the whole answer.
 */
ngx_uint_t dt_etag_match(const ngx_str_t *field, const ngx_str_t *etag);

/* 1 if "field" is "*": any tag. */
ngx_uint_t dt_etag_any(const ngx_str_t *field);

/*
 * The tags that "field" lists, slices of it without quotes: their number, at
 * most "max", which are the first.  0 for a field that breaks the grammar
 * anywhere.  Weak ones are among them, though If-Match compares strongly
 * (RFC 9110 §13.1.1): nginx makes a tag weak when it compresses the answer,
 * and a client has no other to send back.
 */
ngx_uint_t dt_etag_list(const ngx_str_t *field, ngx_str_t *tags,
    ngx_uint_t max);

/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header §2.1): a string
 * (RFC 9651 §3.3.3) of 1 to DT_IDEMPOTENCY_KEY_MAX printable characters.
 * Parameters, of which the draft knows none, are refused.  Writes what the
 * string says to "key", which has that many bytes, no NUL behind; returns its
 * length.  0: it is no such key.
 */
#define DT_IDEMPOTENCY_KEY_MAX  255

size_t dt_idempotency_key(const ngx_str_t *field, u_char *key);

/*
 * The token, a slice of Authorization: behind "Bearer" (RFC 6750 §2.1) or the
 * contract's "Token"; it may be empty.  NGX_DECLINED for any other field:
 * "token" is then the whole of it.
 */
ngx_int_t dt_authorization_token(const ngx_str_t *field, ngx_str_t *token);

/*
 * NGX_OK if "field" is a traceparent (W3C Trace Context level 1, §3.2.2),
 * else NGX_DECLINED: then a new trace begins.  Of a version later than 00
 * only the first DT_TRACEPARENT_LEN bytes have a meaning here (§3.2.4); its
 * rest holds nothing but [0-9a-z-], so that the whole can be logged.
 */
#define DT_TRACEPARENT_LEN  55
#define DT_TRACEPARENT_MAX  128

ngx_int_t dt_traceparent_valid(const ngx_str_t *field);

/* 1 if a client's X-Request-Id may be taken over: 1 to 64 of
 * [A-Za-z0-9._-]. */
#define DT_REQUEST_ID_MAX  64

ngx_uint_t dt_request_id_valid(const ngx_str_t *field);


#endif /* _DT_HEADER_H_INCLUDED_ */
