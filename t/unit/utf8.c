
/* UTF-8: ngx_devtalk_core/dt_utf8.c. */

/* sources: ngx_devtalk_core/dt_utf8.c */
/* libs: -ljansson */

#include "tap.h"
#include "dt_input.h"
#include "dt_utf8.h"


static void
length(const char *data, size_t len, ngx_int_t expected, const char *name)
{
    ngx_str_t  text;

    text = tap_slice(data, len);

    is(dt_utf8_length(text.data, text.len), expected, "%s", name);
}

#define LENGTH(text, expected, name)                                          \
    length(text, sizeof(text) - 1, expected, name)


static void
test_good(void)
{
    is(dt_utf8_length(NULL, 0), 0, "nothing at all");

    LENGTH("", 0, "empty");
    LENGTH("abc", 3, "ASCII");
    LENGTH("\x01\x7f", 2, "control characters");
    LENGTH("\xc2\x80", 1, "U+0080, the least of two bytes");
    LENGTH("\xdf\xbf", 1, "U+07FF, the last of two bytes");
    LENGTH("\xe0\xa0\x80", 1, "U+0800, the least of three bytes");
    LENGTH("\xed\x9f\xbf", 1, "U+D7FF, before the surrogates");
    LENGTH("\xee\x80\x80", 1, "U+E000, behind the surrogates");
    LENGTH("\xef\xbf\xbe", 1, "U+FFFE, a noncharacter");
    LENGTH("\xef\xbf\xbf", 1, "U+FFFF, a noncharacter");
    LENGTH("\xef\xb7\x90", 1, "U+FDD0, a noncharacter");
    LENGTH("\xef\xbb\xbf" "a", 2, "a byte order mark counts");
    LENGTH("\xf0\x90\x80\x80", 1, "U+10000, the least of four bytes");
    LENGTH("\xf4\x8f\xbf\xbf", 1, "U+10FFFF, the last of all");
    LENGTH("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", 6, "Cyrillic");
    LENGTH("e\xcc\x81", 2, "a combining mark is a character");
    LENGTH("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 3,
           "an emoji of three");
}


static void
test_bad(void)
{
    LENGTH("\0", -1, "NUL");
    LENGTH("ab\0c", -1, "NUL inside");
    LENGTH("\x80", -1, "a lone continuation");
    LENGTH("a\xbf", -1, "a lone continuation behind a letter");
    LENGTH("\xc0\x80", -1, "overlong NUL");
    LENGTH("\xc0\xaf", -1, "overlong slash of two bytes");
    LENGTH("\xc1\xbf", -1, "overlong U+007F");
    LENGTH("\xe0\x80\xaf", -1, "overlong slash of three bytes");
    LENGTH("\xe0\x9f\xbf", -1, "overlong U+07FF");
    LENGTH("\xf0\x80\x80\xaf", -1, "overlong slash of four bytes");
    LENGTH("\xf0\x8f\xbf\xbf", -1, "overlong U+FFFF");
    LENGTH("\xed\xa0\x80", -1, "U+D800, the first surrogate");
    LENGTH("\xed\xbf\xbf", -1, "U+DFFF, the last surrogate");
    LENGTH("\xed\xa0\xbd\xed\xb8\x80", -1, "a pair of surrogates (CESU-8)");
    LENGTH("\xf4\x90\x80\x80", -1, "U+110000");
    LENGTH("\xf5\x80\x80\x80", -1, "U+140000");
    LENGTH("\xf8\x88\x80\x80\x80", -1, "five bytes");
    LENGTH("\xfc\x84\x80\x80\x80\x80", -1, "six bytes");
    LENGTH("\xfe", -1, "FE");
    LENGTH("\xff", -1, "FF");
    LENGTH("\xd0", -1, "cut off after one of two");
    LENGTH("\xe2\x82", -1, "cut off after two of three");
    LENGTH("\xf0\x9f\x98", -1, "cut off after three of four");
    LENGTH("\xd0" "a", -1, "a letter instead of a continuation");
    LENGTH("\xe2\x82" "a", -1, "a letter instead of the second one");
    LENGTH("\xf0\x9f\xd0\x9f", -1, "a head instead of a continuation");
}


/* Every character there is, against an encoder of one's own. */

static void
test_all(void)
{
    u_char         bytes[4];
    uint32_t       ch;
    ngx_uint_t     n, wrong;
    const u_char  *p;

    wrong = 0;

    for (ch = 1; ch < 0x120000; ch++) {
        if (ch < 0x80) {
            n = 1;
            bytes[0] = ch;

        } else if (ch < 0x800) {
            n = 2;
            bytes[0] = 0xc0 | ch >> 6;

        } else if (ch < 0x10000) {
            n = 3;
            bytes[0] = 0xe0 | ch >> 12;
            bytes[1] = 0x80 | (ch >> 6 & 0x3f);

        } else {
            n = 4;
            bytes[0] = 0xf0 | ch >> 18;
            bytes[1] = 0x80 | (ch >> 12 & 0x3f);
            bytes[2] = 0x80 | (ch >> 6 & 0x3f);
        }

        if (n > 1) {
            bytes[n - 1] = 0x80 | (ch & 0x3f);
        }

        p = bytes;

        if (ch > 0x10ffff || (ch >= 0xd800 && ch < 0xe000)) {
            wrong += (dt_utf8_next(&p, bytes + n) != DT_UTF8_BAD);

        } else {
            wrong += (dt_utf8_next(&p, bytes + n) != ch || p != bytes + n);
        }
    }

    is(wrong, 0, "each character, each surrogate, and what is beyond");
}


static void
trim(const char *text, const char *expected, const char *name)
{
    ngx_str_t  slice, got;

    slice = tap_slice(text, strlen(text));
    got = dt_utf8_trim(&slice);

    is_str(&got, expected, "trimmed: %s", name);
}


static void
test_trim(void)
{
    ngx_str_t  none = ngx_null_string;

    none = dt_utf8_trim(&none);
    is(none.len, 0, "trimmed: nothing at all");

    trim("", "", "empty");
    trim(" ", "", "one blank");
    trim(" \t\r\n\v\f ", "", "all of ASCII's blanks");
    trim("a", "a", "a letter");
    trim("  a b  ", "a b", "blanks outside, not inside");
    trim("\xc2\xa0\xd0\x9f\xc2\xa0", "\xd0\x9f", "no-break spaces");
    trim("\xe3\x80\x80\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xa8", "",
         "what looks like nothing");
    trim("\xe2\x80\x8d", "\xe2\x80\x8d", "a joiner is no blank");
    trim("\xc2\x85 a", "a", "next line");
}


static void
one_line(const char *text, ngx_uint_t expected, const char *name)
{
    ngx_str_t  slice;

    slice = tap_slice(text, strlen(text));

    is(dt_utf8_one_line(&slice), expected, "one line: %s", name);
}


static void
test_one_line(void)
{
    ngx_str_t  none = ngx_null_string;

    is(dt_utf8_one_line(&none), 1, "one line: nothing at all");

    one_line("", 1, "empty");
    one_line("a b", 1, "words");
    one_line("\xc2\xa0\xd0\x9f\xf0\x9f\x98\x80", 1, "beyond ASCII");
    one_line("a\nb", 0, "line feed");
    one_line("a\rb", 0, "carriage return");
    one_line("a\tb", 0, "tab");
    one_line("a\x1b[0m", 0, "escape");
    one_line("a\x7f", 0, "delete");
    one_line("a\xc2\x9f", 0, "a C1 control");
    one_line("a\xe2\x80\xa8" "b", 0, "line separator");
    one_line("a\xe2\x80\xa9" "b", 0, "paragraph separator");
}


int
main(void)
{
    tap_start();

    test_good();
    test_bad();
    test_all();
    test_trim();
    test_one_line();

    return done();
}
