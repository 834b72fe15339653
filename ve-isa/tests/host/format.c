#include "libc.h"
#define COUNT(a) (sizeof(a) / sizeof *(a))

static void show(const char *format, int n, const char *text) { out("%s -> %d <%s>\n", format, n, text); }

/* Every combination of flags with widths and precisions, for a conversion. */
static void each(const char *conversion, void (*print)(const char *))
{
    static const char *flags[] = { "", "-", "+", " ", "#", "0", "-0", "+0", " 0", "#0", "-#", "-+", "+ ", "#+0", "'" };
    static const char *sizes[] = { "", "1", "7", "24", ".", ".0", ".1", ".3", ".9", "9.4", "3.11", "20.15", "30.0" };
    char format[64];
    for (unsigned f = 0; f < COUNT(flags); f++)
        for (unsigned s = 0; s < COUNT(sizes); s++) {
            sprintf(format, "%%%s%s%s", flags[f], sizes[s], conversion);
            print(format);
        }
}

static void ints(const char *format)
{
    static const int values[] = { 0, 1, -1, 42, -12345, 2147483647, -2147483647 - 1, 255, 65535 };
    char text[200];
    for (unsigned i = 0; i < COUNT(values); i++) {
        int n = snprintf(text, sizeof text, format, values[i]);
        show(format, n, text);
    }
}

static void longs(const char *format)
{
    static const long values[] = { 0, 1, -1, 1234567890123456789, -9223372036854775807 - 1, 9223372036854775807 };
    char text[200];
    for (unsigned i = 0; i < COUNT(values); i++) {
        int n = snprintf(text, sizeof text, format, values[i]);
        show(format, n, text);
    }
}

static void doubles(const char *format)
{
    static const double values[] = {
        0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, 0.1, 0.05, 0.25, 0.125, 9.5, 9.9999995, 99.5, 999999.25, 1e5, 123456.0, 1234567.0,
        1e15, 1e16, 1e17, 1e22, 1e23, 1e-4, 1e-5, 0.00012345, 3.141592653589793, 2.718281828459045e100, 1.7976931348623157e308,
        4.9e-324, 2.2250738585072014e-308, 1e-310, 8.5, 1.9921875, 15.99999, 1.0 / 3, 2.0 / 3, 1024.0, 4503599627370497.5,
    };
    char text[500];
    for (unsigned i = 0; i < COUNT(values); i++) {
        int n = snprintf(text, sizeof text, format, values[i]);
        show(format, n, text);
    }
    double infinity = __builtin_inf(), nan = __builtin_nan("");
    int n = snprintf(text, sizeof text, format, infinity);
    show(format, n, text);
    n = snprintf(text, sizeof text, format, -infinity);
    show(format, n, text);
    n = snprintf(text, sizeof text, format, nan);
    show(format, n, text);
}

/* Numbers that both kinds of long double hold. */
static void long_doubles(const char *format)
{
    static const long double values[] = { 0.0L, -0.0L, 1.0L, 1.5L, 2.5L, -1234567.125L, 0x1p100L, 0x1.8p-70L, 0x1.fffffffffffp1000L, 0x1p-16000L, 0x1.2345p16000L };
    static char text[20000];
    for (unsigned i = 0; i < COUNT(values); i++) {
        int n = snprintf(text, sizeof text, format, values[i]);
        show(format, n, text);
    }
}

static void strings(const char *format)
{
    static const char *values[] = { "", "a", "hello, world", "a rather long text that is longer than any width" };
    char text[200];
    for (unsigned i = 0; i < COUNT(values); i++) {
        int n = snprintf(text, sizeof text, format, values[i]);
        show(format, n, text);
    }
}

static void characters(const char *format)
{
    char text[200];
    int n = snprintf(text, sizeof text, format, 'x');
    show(format, n, text);
}

static void pointers(const char *format)
{
    char text[200];
    int n = snprintf(text, sizeof text, format, (void *)0);
    show(format, n, text);
    n = snprintf(text, sizeof text, format, (void *)0x1234abcd);
    show(format, n, text);
}

static void list(const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    show(format, n, text);
}

static void run(void)
{
    static const char *int_conversions[] = { "d", "i", "u", "o", "x", "X", "hd", "hhd", "hu", "hhu", "hhx", "hX", "ho" };
    static const char *long_conversions[] = { "ld", "lu", "lx", "lo", "lld", "llu", "llX", "jd", "zu", "zd", "td" };
    static const char *double_conversions[] = { "f", "F", "e", "E", "g", "G", "a", "A", "lf" };
    static const char *long_double_conversions[] = { "Lf", "Le", "Lg", "LG", "LE" };
    for (unsigned i = 0; i < COUNT(int_conversions); i++) each(int_conversions[i], ints);
    for (unsigned i = 0; i < COUNT(long_conversions); i++) each(long_conversions[i], longs);
    for (unsigned i = 0; i < COUNT(double_conversions); i++) each(double_conversions[i], doubles);
    for (unsigned i = 0; i < COUNT(long_double_conversions); i++) each(long_double_conversions[i], long_doubles);
    each("s", strings);
    each("c", characters);
    each("p", pointers);
    list("%2$s %1$d", 7, "seven");
    list("%3$*1$.*2$f|%3$g", 12, 3, 3.14159);
    list("%2$Lf %1$s %3$d", "between", 2.5L, 9);
    list("%1$d %1$x %1$o", 255);
    list("%*d|%-*d|%.*d|%.*s", 6, 1, -6, 2, 4, 3, 2, "abcdef");
    list("%*d|%.*f", -8, 5, -1, 2.5);
    list("%d %Lf %d %Lf %d", 1, 2.25L, 3, 4.5L, 5);
    list("%d%d%d%d%d%d%d%d%d%d%Lf%s", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0.5L, "end");
    list("%s|%.3s|%.10s", (char *)0, (char *)0, (char *)0);
    list("%ls|%.2ls|%lc|%6ls|", L"wide", L"wide", L'w', L"ab");
    list("100%%|%5%|%y|", 1);
    list("%k %d", 5);
    list("%lc", 0x20ac);
    list("plain");
    list("");
    list("%.3d|%+.3d|%08.3d|%+08d", 5, 5, 5, 5);
    list("%.40f|%.40e|%.60g", 0.1, 0.1, 0.1);
    list("%.0f %.0f %.0f %.0f %.0e %#.0f %#.0e %#x %#o", 0.5, 1.5, 2.5, 3.5, 25.0, 3.0, 3.0, 0, 0);
    list("%m");
    int count = -1;
    long wide = -1;
    signed char narrow = -1;
    list("abc%nde%lnf%hhng", &count, &wide, &narrow);
    out("%d %ld %d\n", count, wide, narrow);
    char small[8];
    for (int i = 0; i < 8; i++) {
        memset(small, '!', 8);
        int n = snprintf(small, i, "%d-%05d%s", 12, 34, "xyz");
        out("%d %.8s|", n, i ? small : "-");
    }
    out("%d\n", snprintf(0, 0, "%1000000d%f", 5, 1.0));
    errno = 0;
    out("%d", snprintf(small, 8, "%2147483648d", 5));
    out(" %d\n", errno);
    errno = 0;
    out("%d", snprintf(small, 8, "%2147483640d%20d", 5, 6));
    out(" %d\n", errno);
    char *block = 0;
    out("%d", asprintf(&block, "%s-%d", "allocated", 5));
    out(" %s\n", block);
    free(block);
}
