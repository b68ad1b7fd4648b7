/*
 * UTF-8 (RFC 3629) for core's own files.  dt_utf8_length() is in dt_input.h.
 */

#ifndef _DT_UTF8_H_INCLUDED_
#define _DT_UTF8_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define DT_UTF8_BAD  0xffffffff

/* The character at *p, which is below "end", and moves *p behind it;
 * DT_UTF8_BAD if there is none (overlong, surrogate, cut off, ...). */
uint32_t dt_utf8_next(const u_char **p, const u_char *end);

/* Without the blanks (Unicode White_Space and what looks like nothing:
 * U+200B, U+FEFF) at its ends; "text" is valid UTF-8. */
ngx_str_t dt_utf8_trim(const ngx_str_t *text);

/* 1 if the valid text has no control character and no line break in it. */
ngx_uint_t dt_utf8_one_line(const ngx_str_t *text);


#endif /* _DT_UTF8_H_INCLUDED_ */
