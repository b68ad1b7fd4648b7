
#include "article_slug.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include <unicode/utrans.h>


/*
 * A title is spelled in pieces until the slug is full, so that the rest of a
 * long one is never looked at.  A piece ends behind a word where it can,
 * since letters are spelled by their neighbours ("yezhik", but "les").
 */
#define ARTICLE_SLUG_PIECE    32     /* characters */

/* NFKC makes up to 18 characters of one (U+FDFA), others stay below. */
#define ARTICLE_SLUG_SPELLED  (ARTICLE_SLUG_PIECE * 40)

/* Han characters are dear: 5 us each, up to 20 one by one between others
 * (measured).  So many fill a slug. */
#define ARTICLE_SLUG_HAN      32

/* Behind so many characters, gaps counted once, nothing is read. */
#define ARTICLE_SLUG_READ    100


typedef struct {
    u_char       text[ARTICLE_SLUG_MAX + 1];   /* one more: does it go on? */
    size_t       len;
    ngx_uint_t   dash;                         /* before the next letter */
    ngx_uint_t   read;                         /* characters so far */
    ngx_uint_t   han;                          /* of them */
} article_slug_t;


static void article_slug_warm(void);
static int32_t article_slug_piece(const u_char *p, int32_t len);
static void article_slug_spell(article_slug_t *slug, const u_char *p,
    int32_t len);
static int32_t article_slug_read(article_slug_t *slug, const u_char *p,
    int32_t len, UChar *text);
static ngx_uint_t article_slug_known(article_slug_t *slug, UChar32 ch);
static void article_slug_letter(article_slug_t *slug, UChar32 ch);
static ngx_uint_t article_slug_silent(UChar32 ch);
static size_t article_slug_cut(const article_slug_t *slug, size_t size);


/* A path of the same shape that is not an article's. */
static const ngx_str_t    article_slug_feed = ngx_string("feed");
static const ngx_str_t    article_slug_no_feed = ngx_string("feed-article");

/* Of the worker, for its life. */
static UTransliterator   *article_slug_rules;


ngx_int_t
article_slug_init(void)
{
    UChar       id[64];
    UErrorCode  status;

    /* Any-Latin would spell Cyrillic by ISO 9, which loses "sh" and "ya". */

    static const char  rules[] =
        "NFKC; Russian-Latin/BGN; Any-Latin; Latin-ASCII";

    if (article_slug_rules) {
        return NGX_OK;
    }

    status = U_ZERO_ERROR;

    u_uastrcpy(id, rules);
    article_slug_rules = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL,
                                      &status);

    if (U_FAILURE(status)) {
        article_slug_rules = NULL;
        ngx_log_error(NGX_LOG_EMERG, ngx_cycle->log, 0,
                      "ICU does not know how to spell titles (\"%s\"): %s",
                      rules, u_errorName(status));
        return NGX_ERROR;
    }

    article_slug_warm();

    return NGX_OK;
}


/* ICU reads a script's tables when it first meets it: 80 ms for Han. */

static void
article_slug_warm(void)
{
    article_slug_t  slug;
    const u_char   *p, *end;
    int32_t         len;

    static const u_char  scripts[] =
        "\u044f\u0454 \u03b1 \u0561 \u10d0 \u4f60 \u3042 \u30a2 \u3105 "
        "\uc548 \u0e01 \u0628 \u05d0 \u0928 \u0b95 \u0c15 \u0c95 \u0d15 "
        "\u0995 \u0a95 \u0a15 \u0b15 \u1000 \u12a0 \u0710 \u078b";

    end = scripts + sizeof(scripts) - 1;

    for (p = scripts; p < end; p += len) {
        len = article_slug_piece(p, (int32_t) (end - p));
        ngx_memzero(&slug, sizeof(article_slug_t));
        article_slug_spell(&slug, p, len);
    }
}


size_t
article_slug_make(const ngx_str_t *title, u_char *out, size_t size)
{
    size_t          len;
    int32_t         piece;
    article_slug_t  slug;
    const u_char   *p, *end;

    if (title->len == 0 || article_slug_rules == NULL) {
        return 0;
    }

    ngx_memzero(&slug, sizeof(article_slug_t));

    p = title->data;
    end = p + title->len;

    while (p < end && slug.len < sizeof(slug.text)
           && slug.read < ARTICLE_SLUG_READ)
    {
        piece = article_slug_piece(p, (int32_t) (end - p));
        article_slug_spell(&slug, p, piece);
        p += piece;
    }

    size = ngx_min(size, ARTICLE_SLUG_MAX);
    len = article_slug_cut(&slug, size);

    if (len == article_slug_feed.len
        && ngx_memcmp(slug.text, article_slug_feed.data, len) == 0)
    {
        len = ngx_min(size, article_slug_no_feed.len);
        ngx_memcpy(slug.text, article_slug_no_feed.data, len);
    }

    ngx_memcpy(out, slug.text, len);

    return len;
}


/* The bytes of the next piece, at least one character. */

static int32_t
article_slug_piece(const u_char *p, int32_t len)
{
    int32_t     i, word;
    ngx_uint_t  n;

    i = 0;
    word = 0;

    for (n = 0; n < ARTICLE_SLUG_PIECE; n++) {
        if (i == len) {
            return len;
        }

        U8_FWD_1(p, i, len);

        if (p[i - 1] == ' ') {
            word = i;
        }
    }

    return word ? word : i;
}


static void
article_slug_spell(article_slug_t *slug, const u_char *p, int32_t len)
{
    UChar       text[ARTICLE_SLUG_SPELLED];
    int32_t     i, n, limit;
    UChar32     ch;
    UErrorCode  status;

    status = U_ZERO_ERROR;

    n = article_slug_read(slug, p, len, text);
    limit = n;

    utrans_transUChars(article_slug_rules, text, &n, ARTICLE_SLUG_SPELLED, 0,
                       &limit, &status);

    /* What cannot be spelled is a gap, as a picture would be. */

    if (U_FAILURE(status)) {
        slug->dash = 1;
        return;
    }

    for (i = 0; i < n; /* void */ ) {
        U16_NEXT(text, i, n, ch);
        article_slug_letter(slug, ch);
    }
}


/* Gaps are blanks, and one blank: Han-Latin is slow on whatever stands
 * between Han.  A piece fits into "text" even as pairs of surrogates. */

static int32_t
article_slug_read(article_slug_t *slug, const u_char *p, int32_t len,
    UChar *text)
{
    int32_t  i, n;
    UChar32  ch;

    n = 0;

    for (i = 0; i < len && slug->read < ARTICLE_SLUG_READ; /* void */ ) {
        U8_NEXT(p, i, len, ch);

        /* Apostrophes, and the soft hyphen, which Latin-ASCII would show. */

        if (ch == '\'' || ch == 0x2019 || ch == 0x00ad) {
            continue;
        }

        if (ch < 0 || !article_slug_known(slug, ch)
            || (U_GET_GC_MASK(ch) & (U_GC_P_MASK|U_GC_Z_MASK)))
        {
            ch = ' ';

            if (n && text[n - 1] == ' ') {
                continue;
            }
        }

        U16_APPEND_UNSAFE(text, n, ch);
        slug->read++;
    }

    return n;
}


/*
 * For a script that it cannot spell, Any-Latin searches its rules anew at
 * each run of it: 200 letters of two such scripts in turn took 2 ms
 * (measured).
 */

static ngx_uint_t
article_slug_known(article_slug_t *slug, UChar32 ch)
{
    UErrorCode  status;

    if (ch < 0x80) {
        return 1;
    }

    status = U_ZERO_ERROR;

    switch (uscript_getScript(ch, &status)) {

    case USCRIPT_HAN:        /* no readings beyond the first plane */
        return ch < 0x10000 && slug->han++ < ARTICLE_SLUG_HAN;

    case USCRIPT_COMMON:
    case USCRIPT_INHERITED:
    case USCRIPT_LATIN:
    case USCRIPT_CYRILLIC:
    case USCRIPT_GREEK:
    case USCRIPT_ARMENIAN:
    case USCRIPT_GEORGIAN:
    case USCRIPT_HANGUL:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_THAI:
    case USCRIPT_MYANMAR:
    case USCRIPT_ARABIC:
    case USCRIPT_HEBREW:
    case USCRIPT_SYRIAC:
    case USCRIPT_THAANA:
    case USCRIPT_ETHIOPIC:
    case USCRIPT_DEVANAGARI:
    case USCRIPT_BENGALI:
    case USCRIPT_GURMUKHI:
    case USCRIPT_GUJARATI:
    case USCRIPT_ORIYA:
    case USCRIPT_TAMIL:
    case USCRIPT_TELUGU:
    case USCRIPT_KANNADA:
    case USCRIPT_MALAYALAM:
        return 1;

    default:
        return 0;
    }
}


static void
article_slug_letter(article_slug_t *slug, UChar32 ch)
{
    if (ch >= 'A' && ch <= 'Z') {
        ch |= 0x20;
    }

    if ((ch < 'a' || ch > 'z') && (ch < '0' || ch > '9')) {
        slug->dash |= !article_slug_silent(ch);
        return;
    }

    if (slug->dash && slug->len && slug->len < sizeof(slug->text)) {
        slug->text[slug->len++] = '-';
    }

    if (slug->len < sizeof(slug->text)) {
        slug->text[slug->len++] = (u_char) ch;
    }

    slug->dash = 0;
}


/* Signs for soft letters as they are spelled ("p'yesa"), accents that belong
 * to no letter, joiners: they part no words. */

static ngx_uint_t
article_slug_silent(UChar32 ch)
{
    if (ch < 0x80) {
        return ch == '\'' || ch == '"' || ch == '`';
    }

    return (U_GET_GC_MASK(ch) & (U_GC_M_MASK|U_GC_CF_MASK|U_GC_LM_MASK
                                 |U_GC_SK_MASK))
           != 0;
}


/* Whole words, unless that would leave less than half. */

static size_t
article_slug_cut(const article_slug_t *slug, size_t size)
{
    size_t  n;

    if (slug->len <= size) {
        return slug->len;
    }

    for (n = size; n > size / 2; n--) {
        if (slug->text[n] == '-') {
            return n;
        }
    }

    n = size;

    while (n && slug->text[n - 1] == '-') {
        n--;
    }

    return n;
}


size_t
article_slug_suffix(const u_char *slug, size_t len, uint64_t random,
    u_char *out)
{
    u_char      *p;
    ngx_uint_t   i;

    static const u_char  digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

    p = out;

    if (len) {
        p = ngx_cpymem(p, slug, len);
        *p++ = '-';
    }

    for (i = 0; i < ARTICLE_SLUG_RANDOM; i++) {
        *p++ = digits[random % 36];
        random /= 36;
    }

    return p - out;
}


ngx_int_t
article_slug_possible(const ngx_str_t *slug)
{
    size_t      i;
    u_char      ch;
    ngx_uint_t  dash;

    if (slug->len == 0 || slug->len >= ARTICLE_SLUG_SIZE) {
        return NGX_DECLINED;
    }

    dash = 1;

    for (i = 0; i < slug->len; i++) {
        ch = slug->data[i];

        if (ch == '-' && !dash) {
            dash = 1;
            continue;
        }

        if ((ch < 'a' || ch > 'z') && (ch < '0' || ch > '9')) {
            return NGX_DECLINED;
        }

        dash = 0;
    }

    if (dash || (slug->len == article_slug_feed.len
                 && ngx_memcmp(slug->data, article_slug_feed.data, slug->len)
                    == 0))
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}
