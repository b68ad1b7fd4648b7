
/* Slugs of articles: ngx_devtalk_articles/article_slug.c. */

/* sources: ngx_devtalk_articles/article_slug.c */
/* libs: -licui18n -licuuc */

#include "tap.h"
#include "article_slug.h"


#define TITLE_MAX    200        /* characters */


static uint64_t  seed = 20260101;


static uint64_t
dice(uint64_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return seed % sides;
}


static size_t
put(u_char *p, uint32_t ch)
{
    if (ch < 0x80) {
        p[0] = ch;
        return 1;
    }

    if (ch < 0x800) {
        p[0] = 0xc0 | ch >> 6;
        p[1] = 0x80 | (ch & 0x3f);
        return 2;
    }

    if (ch < 0x10000) {
        p[0] = 0xe0 | ch >> 12;
        p[1] = 0x80 | (ch >> 6 & 0x3f);
        p[2] = 0x80 | (ch & 0x3f);
        return 3;
    }

    p[0] = 0xf0 | ch >> 18;
    p[1] = 0x80 | (ch >> 12 & 0x3f);
    p[2] = 0x80 | (ch >> 6 & 0x3f);
    p[3] = 0x80 | (ch & 0x3f);

    return 4;
}


static void
slug(const char *title, const char *expected)
{
    u_char     out[ARTICLE_SLUG_MAX];
    ngx_str_t  slice, got;

    slice = tap_slice(title, strlen(title));
    got.data = out;
    got.len = article_slug_make(&slice, out, sizeof(out));

    is_str(&got, expected, "%s", title);

    if (got.len) {
        is(article_slug_possible(&got), NGX_OK, "and it is possible");
    }
}


static void
test_latin(void)
{
    ngx_str_t  none = ngx_null_string;
    u_char     out[ARTICLE_SLUG_MAX];

    is(article_slug_make(&none, out, sizeof(out)), 0, "no title");

    slug("", "");
    slug("a", "a");
    slug("7", "7");
    slug("How to train your dragon", "how-to-train-your-dragon");
    slug("  Blanks   everywhere  ", "blanks-everywhere");
    slug("--dashes -- and_underscores--", "dashes-and-underscores");
    slug("C++, C# & F#: what's new in 2026?", "c-c-f-whats-new-in-2026");
    slug("don\u2019t \u201cquote\u201d me", "dont-quote-me");
    slug("ALL CAPITALS", "all-capitals");
    slug("a/b\\c?d=e&f%20g.h", "a-b-c-d-e-f-20g-h");
    slug("../../etc/passwd", "etc-passwd");
    slug("<script>alert(1)</script>", "script-alert-1-script");
    slug("\u00dcn\u00efc\u00f6d\u00e9 Stra\u00dfe \u00c6\u00d8",
         "unicode-strasse-aeo");
    slug("e\u0301te\u0301", "ete");
    slug("Vi\u1ec7t Nam \u0110\u00e0 N\u1eb5ng", "viet-nam-da-nang");
    slug("\u0130stanbul \u0131\u015f\u0131k", "istanbul-isik");
    slug("\ufb01ne \uff21\uff22\uff23 \uff11\uff12", "fine-abc-12");
    slug("50 % off \u2014 today\u2026", "50-off-today");
    slug("soft\u00adhyphen zero\u200bwidth", "softhyphen-zerowidth");
    slug("Feed", "feed-article");
    slug(" feed! ", "feed-article");
    slug("Feeds", "feeds");
}


static void
test_scripts(void)
{
    slug("Привет, мир!", "privet-mir");
    slug("Щука, ёжик, объезд и Юрий", "shchuka-yezhik-obyezd-i-yuriy");
    slug("Хорошо ли цирку? Пьеса", "khorosho-li-tsirku-pyesa");
    slug("и\u0306од", "yod");
    slug("Київ їжак", "kiiv-izhak");
    slug("Kafka и PostgreSQL 15", "kafka-i-postgresql-15");
    slug("Γειά σου Κόσμε", "geia-sou-kosme");
    slug("你好，世界", "ni-hao-shi-jie");
    slug("こんにちは カタカナ", "konnichiha-katakana");
    slug("안녕하세요", "annyeonghaseyo");
    slug("नमस्ते दुनिया", "namaste-duniya");
    slug("مرحبا بالعالم", "mrhba-balalm");
    slug("שלום עולם", "slwm-wlm");
    slug("Բարեւ", "barew");
    slug("გამარჯობა", "gamarjoba");
    slug("٣٤٥", "345");
}


static void
test_unspeakable(void)
{
    slug("!!!", "");
    slug(" - _ - ", "");
    slug("\u2014", "");
    slug("\U0001f600\U0001f600", "");
    slug("\U0001f469\u200d\U0001f4bb codes", "codes");
    slug("a\U0001f600b", "a-b");
    slug("\u0301\u0302", "");
    slug("\ufffe\uffff", "");
    slug("\ue000", "");
}


static void
cut(const char *title, size_t size, const char *expected, const char *name)
{
    u_char     out[ARTICLE_SLUG_MAX + 16];
    ngx_str_t  slice, got;

    slice = tap_slice(title, strlen(title));

    memset(out, '#', sizeof(out));
    got.data = out;
    got.len = article_slug_make(&slice, out, size);

    is_str(&got, expected, "%s", name);
    is(out[got.len], '#', "nothing is written behind it");
}


#define TEN     "abcdefghij"
#define FORTY   TEN TEN TEN TEN

static void
test_cut(void)
{
    cut(FORTY FORTY, 80, FORTY FORTY, "80 letters fit");
    cut(FORTY FORTY "k", 80, FORTY FORTY, "81 are cut");
    cut(FORTY FORTY FORTY FORTY FORTY, 80, FORTY FORTY, "200 are cut");
    cut(FORTY " " TEN TEN TEN " 12345678", 80,
        FORTY "-" TEN TEN TEN "-12345678", "80 with dashes fit");
    cut(FORTY " " TEN TEN TEN " 123456789", 80, FORTY "-" TEN TEN TEN,
        "a word that does not fit is left out");
    cut(FORTY TEN TEN TEN TEN " a", 80, FORTY FORTY, "a word behind the end");
    cut(FORTY TEN TEN TEN "123456789 a b", 80, FORTY TEN TEN TEN "123456789",
        "a dash at the end");
    cut("ab " FORTY FORTY, 80, "ab-" FORTY TEN TEN TEN "abcdefg",
        "a short word does not stand for a long one");
    cut(FORTY FORTY, 1000, FORTY FORTY, "more room does not make it longer");
    cut("abc def", 7, "abc-def", "less room, enough");
    cut("abc def", 6, "abc-de", "less room: a word that must be broken");
    cut("abcd ef", 6, "abcd", "less room: a word less");
    cut("abc def", 4, "abc", "less room: no dash at the end");
    cut("abc def", 3, "abc", "less room: as long as the first word");
    cut("abc def", 1, "a", "one byte");
    cut("abc def", 0, "", "no room");
    cut("feed", 4, "feed", "no room for another name of the feed");
}


static void
test_suffix(void)
{
    u_char      out[ARTICLE_SLUG_SIZE];
    ngx_str_t   got = { 0, out };
    ngx_uint_t  i, bad;

    got.len = article_slug_suffix((u_char *) "abc", 3, 0, out);
    is_str(&got, "abc-00000000", "the least");

    got.len = article_slug_suffix((u_char *) "abc", 3, 35, out);
    is_str(&got, "abc-z0000000", "a digit");

    got.len = article_slug_suffix((u_char *) "abc", 3, 2821109907455, out);
    is_str(&got, "abc-zzzzzzzz", "the highest");

    got.len = article_slug_suffix(NULL, 0, 37, out);
    is_str(&got, "11000000", "alone");

    for (bad = 0, i = 0; i < 1000; i++) {
        got.len = article_slug_suffix((u_char *) FORTY FORTY,
                                      ARTICLE_SLUG_MAX, dice(UINT64_MAX),
                                      out);
        bad += (got.len != ARTICLE_SLUG_SIZE - 1
                || article_slug_possible(&got) != NGX_OK);
    }

    is(bad, 0, "the longest there is, made by chance");
}


static void
impossible(const char *text, size_t len)
{
    ngx_str_t  slice;

    slice = tap_slice(text, len);

    is(article_slug_possible(&slice), NGX_DECLINED, "no slug: %.*s",
       (int) len, text);
}


static void
test_possible(void)
{
    size_t      i;
    ngx_str_t   none = ngx_null_string;

    static const char  *bad[] = {
        "", "-", "--", "-a", "a-", "a--b", "A", "aB", "a b", "a_b", "a.b",
        "a/b", "a%20", "a'b", "..", "\xd1\x8f", "a\xff", "a\n", "feed"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        impossible(bad[i], strlen(bad[i]));
    }

    impossible("a\0b", 3);
    impossible(FORTY FORTY "-12345678x", 90);
    is(article_slug_possible(&none), NGX_DECLINED, "none at all");
}


/* The best of three: other programs run here too. */

static double
cost(const ngx_str_t *title, size_t *len)
{
    u_char    out[ARTICLE_SLUG_MAX];
    double    best;
    uint64_t  start, spent;

    best = 1e9;

    for (int i = 0; i < 3; i++) {
        start = tap_clock();
        *len = article_slug_make(title, out, sizeof(out));
        spent = tap_clock() - start;

        best = ngx_min(best, (double) spent / 1000);
    }

    return best;
}


static void
price(const char *name, const char *text)
{
    size_t     i, len, got;
    u_char     title[TITLE_MAX * 4];
    ngx_str_t  str = { 0, title };

    len = strlen(text);

    for (i = 0; i < TITLE_MAX; i++) {
        do {
            title[str.len] = text[str.len % len];
            str.len++;
        } while ((text[str.len % len] & 0xc0) == 0x80);
    }

    note("%-28s %7.1f us", name, cost(&str, &got));
}


static void
test_price(void)
{
    ngx_str_t  title;
    size_t     len;

    title = tap_slice("Привет, мир!", strlen("Привет, мир!"));
    note("%-28s %7.1f us", "Privet, mir!", cost(&title, &len));
    title = tap_slice("How to train your dragon", 24);
    note("%-28s %7.1f us", "How to train your dragon", cost(&title, &len));

    note("titles of %d characters:", TITLE_MAX);
    price("Latin", "how to train your dragon ");
    price("Cyrillic", "как приручить дракона ");
    price("Han", "你好世界");
    price("Hangul", "안녕하세요");
    price("Thai", "สวัสดีชาวโลก");
    price("Arabic", "مرحبا بالعالم ");
    price("blanks", " ");
    price("pictures", "\U0001f600");
    price("accents", "a\u0301\u0302\u0303\u0316\u0317\u0345");
    price("accents alone", "\u0301\u0316");
    price("one of NFKC's longest", "\ufdfa");
}


/* Titles of one character 200 times, of neighbours, and of anything. */

static void
test_hostile(void)
{
    size_t      len, n;
    u_char      title[TITLE_MAX * 4], out[ARTICLE_SLUG_MAX];
    double      spent, most;
    uint32_t    ch, first;
    ngx_str_t   str, got;
    ngx_uint_t  i, kind, titles, bad;

    most = 0;
    titles = 0;
    bad = 0;

    for (first = 1; first < 0x20000; first += 1 + dice(100)) {
        kind = dice(3);
        len = 0;

        for (i = 0; i < TITLE_MAX; i++) {
            ch = (kind == 0) ? first
                             : (kind == 1) ? (first & ~63) + dice(64)
                                           : 1 + dice(0x10ffff);

            if (ch == 0 || (ch >= 0xd800 && ch < 0xe000)) {
                ch = ' ';
            }

            len += put(title + len, ch);
        }

        str = tap_slice(title, len);
        got.data = out;
        got.len = article_slug_make(&str, out, sizeof(out));

        bad += (got.len > ARTICLE_SLUG_MAX
                || (got.len && article_slug_possible(&got) != NGX_OK));

        spent = cost(&str, &n);
        titles++;

        if (spent > most) {
            most = spent;
            note("%7.1f us: U+%04X, kind %u", spent, (unsigned) first,
                 (unsigned) kind);
        }
    }

    note("%u hostile titles, the dearest %.1f us", (unsigned) titles, most);

    is(bad, 0, "whatever the title, its slug is possible");
}


/* Two scripts in turn, letter by letter. */

static void
test_turns(void)
{
    size_t     n, i, j, k, len, m;
    u_char     title[TITLE_MAX * 4];
    double     spent, most;
    ngx_str_t  str = { 0, title };

    static const uint32_t  of[] = {
        ' ', 'a', '+', 0x301, 0x42f, 0x3b1, 0x561, 0x10d0, 0x4f60, 0x381e,
        0x20000, 0x3042, 0x30a2, 0x3105, 0xc548, 0xe01, 0x628, 0x5d0, 0x928,
        0xb95, 0x1000, 0x12a0, 0x710, 0x78b, 0x1780, 0x10b60, 0x3358, 0x302c,
        0xfdfa, 0x1f600, 0xe000
    };

    n = sizeof(of) / sizeof(of[0]);
    most = 0;

    for (i = 0; i < n; i++) {
        for (j = 0; j < n; j++) {
            len = 0;

            for (k = 0; k < TITLE_MAX; k += 2) {
                len += put(title + len, of[i]);
                len += put(title + len, of[j]);
            }

            str.len = len;
            spent = cost(&str, &m);
            most = ngx_max(most, spent);
        }
    }

    note("two scripts in turn, the dearest %.1f us", most);

    ok(1, "scripts in turn, priced");
}


int
main(void)
{
    uint64_t  start;

    tap_start();

    is(article_slug_make(&(ngx_str_t) ngx_string("a"), NULL, 0), 0,
       "before ICU is open there is no slug");

    start = tap_clock();
    is(article_slug_init(), NGX_OK, "ICU is opened");
    note("in %u us", (unsigned) ((tap_clock() - start) / 1000));
    is(article_slug_init(), NGX_OK, "once is enough");

    test_latin();
    test_scripts();
    test_unspeakable();
    test_cut();
    test_suffix();
    test_possible();
    test_price();
    test_hostile();
    test_turns();

    return done();
}
