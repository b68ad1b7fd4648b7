/*
 * Rules of an account's fields.
 */

#include "auth.h"
#include "auth_common.h"

#include <stdlib.h>


static int auth_rule_compare(const void *one, const void *two);


static const char  auth_invalid[] = "is invalid";


/*
 * local@domain in printable ASCII without blanks, quotes and what else needs
 * them (RFC 5321 §4.1.2, no quoted strings, no addresses in place of names).
 */

const char *
auth_rule_email(const ngx_str_t *text)
{
    u_char  *p, *last, *at, c;

    at = NULL;
    last = text->data + text->len;

    for (p = text->data; p < last; p++) {
        c = *p;

        if (c <= ' ' || c >= 0x7f || ngx_strchr("\"(),:;<>[\\]", c)) {
            return auth_invalid;
        }

        if (c == '@') {
            if (at) {
                return auth_invalid;
            }

            at = p;
        }

        /* no label and no part of a name is empty */

        if (c == '.'
            && (p == text->data || p + 1 == last || p[-1] == '.'
                || p[-1] == '@' || p[1] == '@'))
        {
            return auth_invalid;
        }
    }

    if (at == NULL || at == text->data || at + 1 == last
        || at - text->data > 64)
    {
        return auth_invalid;
    }

    return NULL;
}


/*
 * ASCII only: names that look alike are one name.  The first character keeps
 * "." and ".." out of paths.
 */

const char *
auth_rule_username(const ngx_str_t *text)
{
    u_char      c;
    ngx_uint_t  i;

    for (i = 0; i < text->len; i++) {
        c = text->data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9') || c == '_')
        {
            continue;
        }

        if (i == 0 || (c != '.' && c != '-')) {
            return auth_invalid;
        }
    }

    return NULL;
}


/* An http or https URL (RFC 3986): what a page can show and nothing that it
 * could run. */

const char *
auth_rule_image(const ngx_str_t *text)
{
    u_char  *p, *last;

    last = text->data + text->len;

    if (text->len > 8
        && ngx_strncasecmp(text->data, (u_char *) "https://", 8) == 0)
    {
        p = text->data + 8;

    } else if (text->len > 7
               && ngx_strncasecmp(text->data, (u_char *) "http://", 7) == 0)
    {
        p = text->data + 7;

    } else {
        return auth_invalid;
    }

    if (*p == '/') {
        return auth_invalid;
    }

    for ( /* void */ ; p < last; p++) {
        if (*p <= ' ' || *p == 0x7f || ngx_strchr("\"<>\\^`{|}", *p)) {
            return auth_invalid;
        }
    }

    return NULL;
}


const char *
auth_rule_password(const ngx_str_t *text)
{
    char         lower[AUTH_PASSWORD_MAX + 1];
    const char  *key;

    /* the longest of the list is much shorter */

    if (text->len > AUTH_PASSWORD_MAX) {
        return NULL;
    }

    ngx_strlow((u_char *) lower, text->data, text->len);
    lower[text->len] = '\0';
    key = lower;

    return bsearch(&key, auth_common_passwords, auth_common_passwords_n,
                   sizeof(char *), auth_rule_compare)
           ? "is too common" : NULL;
}


static int
auth_rule_compare(const void *one, const void *two)
{
    const char *const *a = one;
    const char *const *b = two;

    return ngx_strcmp(*a, *b);
}
