/* sources: ngx_devtalk_auth/auth_rule.c */

/*
 * What may be an address, a name, an image, a password.
 */

#include "tap.h"
#include "auth.h"
#include "auth_common.h"


/* In place of the long list. */

const char *const  auth_common_passwords[] = {
    "12345678", "password", "qwerty123", "trustno1"
};

const ngx_uint_t  auth_common_passwords_n = 4;


typedef const char *(*rule_t)(const ngx_str_t *text);


static void
takes(const char *what, rule_t rule, const char *const *texts)
{
    ngx_str_t  text;

    for ( /* void */ ; *texts; texts++) {
        text = tap_slice(*texts, ngx_strlen(*texts));
        is_text(rule(&text), NULL, "%s \"%s\"", what, *texts);
    }
}


static void
refuses(const char *what, rule_t rule, const char *const *texts,
    const char *why)
{
    ngx_str_t  text;

    for ( /* void */ ; *texts; texts++) {
        text = tap_slice(*texts, ngx_strlen(*texts));
        is_text(rule(&text), why, "no %s \"%s\"", what, *texts);
    }
}


static const char *const  emails[] = {
    "a@b", "anna@example.com", "ANNA@Example.COM", "a.b+c_d-e@x-y.example",
    "o'neil@example.org", "a@b.c.d.e", "{x}|~!#$%&*/=?^`@example.com",
    "0123456789012345678901234567890123456789012345678901234567890123@x",
    NULL
};

static const char *const  no_emails[] = {
    "@", "a@", "@b", "anna", "anna@@b", "a@b@c", "an na@b", "a@b c",
    "a\tb@c", "a@b\n", ".a@b", "a.@b", "a..b@c", "a@.b", "a@b.", "a@b..c",
    "\"a\"@b", "a,b@c", "<a@b>", "a:b@c", "a;b@c", "(a)@b", "[a]@b",
    "a\\b@c", "\x7f@b", "\xd0\xb0@b", "a@\xd0\xb1",
    "01234567890123456789012345678901234567890123456789012345678901234@x",
    NULL
};

static const char *const  names[] = {
    "a", "A", "7", "_", "anna", "user_17000", "a.b", "a-b", "a..b", "a-",
    "__init__", "0123456789012345678901234567890123456789", NULL
};

static const char *const  no_names[] = {
    ".", "..", "-", "-a", ".a", "a b", " a", "a/b", "a@b", "a\\b", "a%b",
    "a:b", "a\tb", "a\nb", "a'b", "a\"b", "a<b", "a+b", "\x7f",
    "\xd0\xb0nna", "anna\xc2\xa0", "an\xe2\x80\x8bna", NULL
};

static const char *const  images[] = {
    "http://a", "https://a", "HTTPS://example.com/a.png",
    "https://example.com/a.png?b=c&d=%20#e", "http://[::1]:80/",
    "https://example.com/\xd0\xb0.png", NULL
};

static const char *const  no_images[] = {
    "a", "a.png", "/a.png", "//example.com/a.png", "http:", "http://",
    "https://", "https:///a", "http:///a", "ftp://example.com/a",
    "javascript:alert(1)", "data:image/png;base64,xx", "httpx://a",
    " https://a", "https://a b", "https://a\"b", "https://a<b",
    "https://a>b", "https://a\nb", "https://a\\b", "https://a`b",
    "https://a{b", NULL
};

static const char *const  passwords[] = {
    "correct horse battery", "password ", " password", "password1", "11111111",
    "passwor", "zzzzzzzz", "!!!!!!!!", "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe",
    ("0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567890123456789"),
    NULL
};

static const char *const  no_passwords[] = {
    "12345678", "password", "PassWord", "QWERTY123", "trustno1", NULL
};


int
main(void)
{
    tap_start();

    takes("address", auth_rule_email, emails);
    refuses("address", auth_rule_email, no_emails, "is invalid");
    takes("name", auth_rule_username, names);
    refuses("name", auth_rule_username, no_names, "is invalid");
    takes("image", auth_rule_image, images);
    refuses("image", auth_rule_image, no_images, "is invalid");
    takes("password", auth_rule_password, passwords);
    refuses("password", auth_rule_password, no_passwords,
            "is too common");

    return done();
}
