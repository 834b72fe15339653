#include "libc.h"
typedef int wchar_t;
typedef unsigned wint_t;
typedef struct { long opaque[2]; } mbstate_t;
size_t wcslen(const wchar_t *), wcsnlen(const wchar_t *, size_t), wcsspn(const wchar_t *, const wchar_t *), wcscspn(const wchar_t *, const wchar_t *), wcsxfrm(wchar_t *, const wchar_t *, size_t);
wchar_t *wcscpy(wchar_t *, const wchar_t *), *wcsncpy(wchar_t *, const wchar_t *, size_t), *wcpcpy(wchar_t *, const wchar_t *), *wcpncpy(wchar_t *, const wchar_t *, size_t);
wchar_t *wcscat(wchar_t *, const wchar_t *), *wcsncat(wchar_t *, const wchar_t *, size_t), *wcsdup(const wchar_t *);
wchar_t *wcschr(const wchar_t *, wchar_t), *wcsrchr(const wchar_t *, wchar_t), *wcsstr(const wchar_t *, const wchar_t *), *wcspbrk(const wchar_t *, const wchar_t *), *wcstok(wchar_t *, const wchar_t *, wchar_t **);
wchar_t *wmemcpy(wchar_t *, const wchar_t *, size_t), *wmemmove(wchar_t *, const wchar_t *, size_t), *wmemset(wchar_t *, wchar_t, size_t), *wmemchr(const wchar_t *, wchar_t, size_t), *wmempcpy(wchar_t *, const wchar_t *, size_t);
int wcscmp(const wchar_t *, const wchar_t *), wcsncmp(const wchar_t *, const wchar_t *, size_t), wcscoll(const wchar_t *, const wchar_t *), wmemcmp(const wchar_t *, const wchar_t *, size_t);
int wcscasecmp(const wchar_t *, const wchar_t *), wcsncasecmp(const wchar_t *, const wchar_t *, size_t);
long wcstol(const wchar_t *, wchar_t **, int);
unsigned long wcstoul(const wchar_t *, wchar_t **, int);
double wcstod(const wchar_t *, wchar_t **);
float wcstof(const wchar_t *, wchar_t **);
int mblen(const char *, size_t), mbtowc(wchar_t *, const char *, size_t), wctomb(char *, wchar_t), mbsinit(const mbstate_t *);
size_t mbstowcs(wchar_t *, const char *, size_t), wcstombs(char *, const wchar_t *, size_t), mbrlen(const char *, size_t, mbstate_t *), mbrtowc(wchar_t *, const char *, size_t, mbstate_t *), wcrtomb(char *, wchar_t, mbstate_t *);
size_t mbsrtowcs(wchar_t *, const char **, size_t, mbstate_t *), wcsrtombs(char *, const wchar_t **, size_t, mbstate_t *);
size_t mbsnrtowcs(wchar_t *, const char **, size_t, size_t, mbstate_t *), wcsnrtombs(char *, const wchar_t **, size_t, size_t, mbstate_t *);
size_t mbrtoc32(unsigned *, const char *, size_t, mbstate_t *), c32rtomb(char *, unsigned, mbstate_t *), mbrtoc16(unsigned short *, const char *, size_t, mbstate_t *), c16rtomb(char *, unsigned short, mbstate_t *);
wint_t btowc(int), towlower(wint_t), towupper(wint_t), towctrans(wint_t, const void *);
int wctob(wint_t), wcwidth(wchar_t), wcswidth(const wchar_t *, size_t), iswctype(wint_t, unsigned long);
unsigned long wctype(const char *);
const void *wctrans(const char *);
int iswalnum(wint_t), iswalpha(wint_t), iswblank(wint_t), iswcntrl(wint_t), iswdigit(wint_t), iswgraph(wint_t), iswlower(wint_t), iswprint(wint_t), iswpunct(wint_t), iswspace(wint_t), iswupper(wint_t), iswxdigit(wint_t);
int swprintf(wchar_t *, size_t, const wchar_t *, ...), fwprintf(FILE *, const wchar_t *, ...), swscanf(const wchar_t *, const wchar_t *, ...), fwscanf(FILE *, const wchar_t *, ...);
wint_t fputwc(wchar_t, FILE *), fgetwc(FILE *), ungetwc(wint_t, FILE *);
int fputws(const wchar_t *, FILE *);
wchar_t *fgetws(wchar_t *, int, FILE *);

static wchar_t a[400], b[400], c[800];
static void word(wchar_t *to, unsigned long longest)
{
    unsigned long length = random_below(longest + 1);
    for (unsigned long i = 0; i < length; i++) to[i] = L"abAB.\xe9\x20ac"[random_below(7)];
    to[length] = 0;
}
static long at(const void *found, const wchar_t *start) { return found ? (const wchar_t *)found - start : -1; }
static int sign(int n) { return (n > 0) - (n < 0); }
static void show(const wchar_t *text) { out("<"); while (*text) out("%x ", *text++); out("> "); }

static void strings(void)
{
    for (int round = 0; round < 300; round++) {
        word(a, round % 7 == 0 ? 100 : 12);
        word(b, round % 3 == 0 ? 2 : 12);
        unsigned long n = random_below(14);
        int letter = L"abAB.\xe9"[random_below(6)];
        out("%d: ", round);
        show(a);
        show(b);
        out("%lu %lu ", wcslen(a), wcsnlen(a, n));
        out("%d %d %d ", sign(wcscmp(a, b)), sign(wcsncmp(a, b, n)), sign(wcscoll(a, b)));
        out("%d %d ", sign(wcscasecmp(a, b)), sign(wcsncasecmp(a, b, n)));
        out("%ld %ld %ld ", at(wcschr(a, letter), a), at(wcsrchr(a, letter), a), at(wcsstr(a, b), a));
        out("%lu %lu %ld ", wcsspn(a, b), wcscspn(a, b), at(wcspbrk(a, b), a));
        out("%ld %d ", at(wmemchr(a, letter, wcslen(a)), a), sign(wmemcmp(a, b, n < 3 ? n : 3)));
        wmemset(c, '#', 800);
        wcscpy(c, a);
        wcscat(c, b);
        wcsncat(c, a, n);
        show(c);
        wmemset(c, '#', 40);
        c[40] = 0;
        out("%ld ", at(wcsncpy(c, b, n), c));
        show(c + n);
        out("%ld ", at(wcpcpy(c, b), c));
        out("%ld ", at(wcpncpy(c, b, n), c));
        out("%ld ", at(wmempcpy(c, b, n), c));
        for (int i = 0; i < 100; i++) c[i] = i + 1;
        unsigned long to = random_below(50), from = random_below(50), length = random_below(50);
        wmemmove(c + to, c + from, length);
        unsigned sum = 0;
        for (int i = 0; i < 100; i++) sum = sum * 31 + (unsigned)c[i];
        out("%u ", sum);
        wcscpy(c, a);
        wchar_t *rest;
        for (wchar_t *t = wcstok(c, L".A", &rest); t; t = wcstok(0, L".A", &rest)) show(t);
        wchar_t *copy = wcsdup(a);
        out("%d\n", wcscmp(copy, a));
        free(copy);
    }
}

static void classes(void)
{
    static const char *const names[] = { "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit", "none" };
    for (int k = 0; k < 13; k++) out("%d ", wctype(names[k]) != 0);
    out("%d %d\n", wctrans("toupper") != 0, wctrans("none") != 0);
    for (int i = -1; i < 130; i++) {
        wint_t w = (wint_t)i;
        out("%d%d%d%d%d%d%d%d%d%d%d%d ", !!iswalnum(w), !!iswalpha(w), !!iswblank(w), !!iswcntrl(w), !!iswdigit(w), !!iswgraph(w), !!iswlower(w), !!iswprint(w), !!iswpunct(w), !!iswspace(w), !!iswupper(w), !!iswxdigit(w));
        for (int k = 0; k < 12; k++) out("%d", !!iswctype(w, wctype(names[k])));
        out(" %u %u %u ", towlower(w), towupper(w), towctrans(w, wctrans("tolower")));
        out("%d %d\n", i < 128 ? (int)btowc(i) : 0, wctob(w));
    }
    out("%d %d %d\n", wcwidth('a'), wcwidth(0), wcswidth(L"abc", 2));
}

static void conversions(void)
{
    static const char *const texts[] = { "", "a", "hello", "longer text", "\x80", "ab\xff z" };
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        mbstate_t state = { { 0 } };
        wchar_t w = 7;
        unsigned u = 7;
        unsigned short h = 7;
        char bytes[40];
        if (i < 4) {
            out("%d ", mblen(texts[i], 5)); out("%d ", mbtowc(&w, texts[i], 5)); out("%d ", w);
            out("%ld ", (long)mbrlen(texts[i], 3, &state)); out("%ld ", (long)mbrtowc(&w, texts[i], 3, &state)); out("%d ", w);
            out("%ld %ld ", (long)mbrtowc(&w, texts[i], 0, &state), (long)mbrtowc(0, texts[i], 3, &state));
            out("%ld ", (long)mbrtoc32(&u, texts[i], 3, &state)); out("%u ", u);
            out("%ld ", (long)mbrtoc16(&h, texts[i], 3, &state)); out("%d ", h);
            for (size_t room = 0; room < 14; room++) {
                wmemset(a, '#', 40);
                a[20] = 0;
                out("%ld ", (long)mbstowcs(a, texts[i], room)); show(a);
                const char *from = texts[i];
                wmemset(a, '#', 20);
                out("%ld ", (long)mbsrtowcs(a, &from, room, &state)); show(a); out("%ld ", from ? from - texts[i] : -1);
                from = texts[i];
                wmemset(a, '#', 20);
                out("%ld ", (long)mbsnrtowcs(a, &from, 3, room, &state)); show(a); out("%ld ", from ? from - texts[i] : -1);
                mbstowcs(b, texts[i], 40);
                memset(bytes, '#', 30);
                bytes[30] = 0;
                out("%ld %s ", (long)wcstombs(bytes, b, room), bytes);
                const wchar_t *wide = b;
                out("%ld ", (long)wcsrtombs(bytes, &wide, room, &state)); out("%s %ld ", bytes, wide ? wide - b : -1);
                wide = b;
                out("%ld ", (long)wcsnrtombs(bytes, &wide, 4, room, &state)); out("%s %ld ", bytes, wide ? wide - b : -1);
            }
            out("%ld %ld\n", (long)mbstowcs(0, texts[i], 0), (long)wcstombs(0, b, 0));
        }
    }
    char bytes[8] = "####";
    mbstate_t state = { { 0 } };
    out("%d ", wctomb(bytes, 'x')); out("%d ", bytes[0]);
    errno = 0;
    out("%d ", wctomb(bytes, 0x20ac)); out("%d ", errno);
    errno = 0;
    out("%ld ", (long)wcrtomb(bytes, 0x20ac, &state)); out("%d ", errno);
    out("%ld %ld ", (long)wcrtomb(bytes, 0, &state), (long)wcrtomb(0, 'x', &state));
    out("%ld %ld ", (long)c32rtomb(bytes, 'y', &state), (long)c16rtomb(bytes, 'z', &state));
    out("%d %d\n", mbsinit(&state), mbsinit(0));
    static const wchar_t *const numbers[] = { L"", L"12", L" -0x1fz", L"99999999999999999999", L"-99999999999999999999", L"1.5e3x", L"inf", L".", L"077\x20ac", L"z\xe9" };
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        wchar_t *end = 0;
        for (int base = 0; base < 37; base += 8) {
            errno = 0;
            out("%ld ", wcstol(numbers[i], &end, base)); out("%ld %d ", end - numbers[i], errno);
            errno = 0;
            out("%lu ", wcstoul(numbers[i], &end, base)); out("%ld %d ", end - numbers[i], errno);
        }
        out("%g ", wcstod(numbers[i], &end)); out("%ld ", end - numbers[i]);
        out("%g\n", wcstof(numbers[i], 0));
    }
}

static void printing(void)
{
    out("%d ", swprintf(a, 100, L"%d|%5ls|%-6s|%lc|%.2ls|%g \x20ac %%|%05x", -42, L"\xe9\x20ac", "ab", 0x3b1, L"xyz", 1.5, 255)); show(a);
    out("%d ", swprintf(a, 5, L"%d", 12345));
    out("%d ", swprintf(a, 6, L"%d", 12345)); show(a);
    int n = 0;
    out("%d ", swprintf(a, 50, L"\x20ac%ls%n.", L"\xe9", &n)); out("%d ", n);
    int i = 0, j = 0;
    double d = 0;
    char narrow[20] = "";
    out("%d ", swscanf(L" 12 x 3.5 word \x20ac", L"%d x %lf %s %ls%n", &i, &d, narrow, b, &n)); out("%d %g %s %d ", i, d, narrow, n); show(b);
    out("%d ", swscanf(L"abc", L"%d", &i));
    out("%d ", swscanf(L"", L"%d", &i));
    out("%d ", swscanf(L"ab12", L"%l[a-z]%d", b, &j)); out("%d ", j); show(b);
    FILE *f = tmpfile();
    out("%d ", fputws(L"first\nsecond 17", f) >= 0); out("%d ", fputwc('!', f)); out("%d ", fwprintf(f, L" %ls %d\n", L"wide", 5));
    rewind(f);
    out("%d ", fgetws(a, 50, f) == a); show(a);
    out("%c ", fgetwc(f)); out("%c ", ungetwc('S', f));
    out("%d ", fwscanf(f, L"%ls %d", a, &i)); out("%d ", i); show(a);
    out("%d ", fgetws(a, 3, f) == a); show(a);
    while (fgetwc(f) != -1u) {}
    out("%d %d\n", fgetws(a, 3, f) == NULL, feof(f) != 0);
    fclose(f);
}

size_t wcsftime(wchar_t *, size_t, const wchar_t *, const struct tm *);
char *strptime(const char *, const char *, struct tm *);
static void dates(void)
{
    struct tm date = { 5, 4, 3, 2, 1, 99, 2, 32, 0 };
    for (size_t room = 0; room < 30; room += 7) { wmemset(a, 0, 40); out("%lu ", wcsftime(a, room, L"%Y-%m-%d %H:%M", &date)); if (room > 16) show(a); }
    static const char *const texts[] = { "2024-02-29 12:34:56 rest", "1999-1-2 3:4:5", "nothing", "2024-13-01 00:00:00" };
    for (int i = 0; i < 4; i++) {
        memset(&date, 0, sizeof date);
        const char *end = strptime(texts[i], "%Y-%m-%d %H:%M:%S", &date);
        out("%ld ", end ? end - texts[i] : -1);
        if (end) out("%d %d %d %d %d %d ", date.tm_year, date.tm_mon, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec);
    }
    out("\n");
}

static void run(void)
{
    dates();
    strings();
    classes();
    conversions();
    printing();
}
