/* Functions without a fixed number of arguments. */
#include <stdarg.h>

#include "corpus.h"

NOINLINE i64 sum_ints(int count, ...)
{
    va_list list;
    va_start(list, count);
    i64 sum = 0;
    for (int i = 0; i < count; i++)
        sum = sum * 3 + va_arg(list, int);
    va_end(list);
    return sum;
}

TEST(ints)
{
    OUT(sum_ints(0));
    OUT(sum_ints(1, IN(int, -5)));
    OUT(sum_ints(7, 1, -2, 3, -4, 5, -6, IN(int, 7)));
    OUT(sum_ints(12, 1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, IN(int, -12)));
    OUT(sum_ints(5, 'a', (short)-3, (u8)200, (i8)-1, (_Bool)1));
}

/* Each letter names the type of an argument. */
NOINLINE void show(const char *types, ...)
{
    va_list list;
    va_start(list, types);
    for (; *types; types++)
        switch (*types) {
        case 'i': OUT((i64)va_arg(list, int)); break;
        case 'u': OUT(va_arg(list, unsigned)); break;
        case 'l': OUT(va_arg(list, long)); break;
        case 'L': OUT(va_arg(list, unsigned long long)); break;
        case 'd': OUT(va_arg(list, double)); break;
        case 's': out_text(va_arg(list, const char *)); break;
        case 'q': OUT(va_arg(list, long double)); break;
        case 'p': OUT(*va_arg(list, u16 *)); break;
        case 'f': OUT(va_arg(list, int (*)(int))(5)); break;
        }
    va_end(list);
}

static int triple(int x) { return 3 * x; }

TEST(all_types)
{
    u16 pointed = 4711;
    show("iuldLspf", IN(int, -1), IN(unsigned, ~0u), IN(long, INT64_MIN), IN(double, -0.1), IN(u64, ~0ull), "text", &pointed, triple);
    show("dididididididi", 1.5, 1, 2.5, -2, -3.5, 3, 1e300, -4, 5e-310, 5, (float)6.25f, 6, 7.0, IN(int, 7));
    show("ffsspp", triple, triple, "", "a longer text", &pointed, &pointed);
}

TEST(quads)
{
    show("q", IN(long double, 1.5L));
    show("qiq", IN(long double, -0.25L), 7, IN(long double, 1e100L));
    show("iqiqdqiq", 1, IN(long double, 2), 3, 4.0L, 5.0, 6.0L, 7, IN(long double, 8));
    show("dddddddqd", 1., 2., 3., 4., 5., 6., 7., 8.0L, 9.);
}

struct small {
    short a;
    char b;
};
struct large {
    double x[3];
    int n;
};

NOINLINE double structures(int count, ...)
{
    va_list list;
    double sum = 0;
    va_start(list, count);
    for (int i = 0; i < count; i++) {
        struct small s = va_arg(list, struct small);
        int between = va_arg(list, int);
        struct large l = va_arg(list, struct large);
        sum += s.a * s.b + between + l.x[0] - l.x[2] * l.n;
    }
    va_end(list);
    return sum;
}

TEST(structures_among_others)
{
    struct small s = {IN(short, -300), IN(char, 7)};
    struct large l = {{IN(double, 1.5), 2, -3}, IN(int, 11)};
    OUT(structures(1, s, 5, l));
    OUT(structures(4, s, 5, l, s, -6, l, s, 7, l, s, -8, l));
}

NOINLINE i64 twice_over(int count, ...)
{
    va_list list, copy;
    va_start(list, count);
    (void)va_arg(list, int);
    va_copy(copy, list);
    i64 sum = 0;
    for (int i = 1; i < count; i++)
        sum += va_arg(list, long);
    for (int i = 1; i < count; i++)
        sum = sum * 5 + va_arg(copy, long);
    va_end(copy);
    va_end(list);
    va_start(list, count);
    sum += va_arg(list, int);
    va_end(list);
    return sum;
}

TEST(copies)
{
    OUT(twice_over(4, IN(int, 9), 1l, 2l, 3l));
    OUT(twice_over(11, 9, 1l, 2l, 3l, 4l, 5l, 6l, 7l, 8l, 9l, IN(long, -10)));
}

/* A list passed on; the callee takes from it, and so does the caller. */
static double take(va_list *list)
{
    return va_arg(*list, double) + va_arg(*list, int);
}

NOINLINE double taken_in_turns(long a, double b, float c, ...)
{
    va_list list;
    va_start(list, c);
    double sum = (double)a + b + (double)c;
    for (int i = 0; i < 4; i++)
        sum = sum * 2 + take(&list);
    sum -= va_arg(list, double);
    va_end(list);
    return sum;
}

TEST(lists_in_turns)
{
    OUT(taken_in_turns(IN(long, 1), IN(double, 2), IN(float, 3), 1.5, 1, 2.5, 2, 3.5, 3, 4.5, 4, IN(double, 100.25)));
}

/* Named arguments fill all registers. */
NOINLINE i64 after_many(int a, int b, int c, int d, int e, int f, int g, int h, int i, double j, ...)
{
    va_list list;
    va_start(list, j);
    i64 sum = a + b + c + d + e + f + g + h + i + (i64)j;
    for (int k = 0; k < 3; k++)
        sum = sum * 10 + va_arg(list, int);
    va_end(list);
    return sum;
}

TEST(behind_named_ones)
{
    OUT(after_many(1, 2, 3, 4, 5, 6, 7, 8, 9, IN(double, 10), 1, 2, IN(int, 3)));
}

NOINLINE int print_into(char *room, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(room, size, format, list);
    va_end(list);
    return length;
}

TEST(through_the_library)
{
    char room[200];
    OUT(print_into(room, sizeof room, "%d %5.2f|%-6s|%c %lx %+d %08.3e %%", IN(int, -5), IN(double, 2.345), "ab", 'z', IN(long, -1), 7, 12345.678));
    out_text(room);
    OUT(print_into(room, 8, "%s-%s", "12345", "67890"));
    out_text(room);
    OUT(print_into(room, sizeof room, "%d%d%d%d%d%d%d%d%d%d %g %g", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, IN(double, 0.1), 1e100));
    out_text(room);
}

/* Without a prototype, as in old programs: arguments go both ways. */
NOINLINE double old_style(a, b, c, d, e)
    int a;
    double b;
    char c;
    float d;
    long e;
{
    return a + b + c + (double)d + (double)e;
}

TEST(without_prototype)
{
    double (*volatile unknown)() = (double (*)())old_style;
    OUT(old_style(1, 2.5, 3, 4.5, 5l));
    OUT(unknown(IN(int, 1), IN(double, 2.5), IN(char, 3), IN(float, 4.5f), IN(long, -5)));
}

NOINLINE const char *pick(int which, ...)
{
    va_list list;
    va_start(list, which);
    const char *text = "";
    while (which-- >= 0)
        text = va_arg(list, const char *);
    va_end(list);
    return text;
}

TEST(by_pointer)
{
    const char *(*volatile picker)(int, ...) = pick;
    for (int i = 0; i < 10; i++)
        out_text(picker(i, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
}

/* Recursion that holds lists of many frames open. */
NOINLINE i64 deep(int depth, ...)
{
    va_list list;
    va_start(list, depth);
    i64 first = va_arg(list, long);
    i64 below = depth ? deep(depth - 1, first + 1, first * 2) : 0;
    i64 second = va_arg(list, long);
    va_end(list);
    return below + first * second;
}

TEST(recursion)
{
    OUT(deep(20, IN(long, 1), IN(long, 2)));
}

NOINLINE i64 of_128(int count, ...)
{
    va_list list;
    va_start(list, count);
    unsigned __int128 sum = 0;
    for (int i = 0; i < count; i++) {
        sum = sum * 3 + va_arg(list, __int128);
        sum += (unsigned)va_arg(list, int);
    }
    va_end(list);
    return (i64)(sum >> 64 ^ sum);
}

TEST(wide_integers)
{
    __int128 x = IN(__int128, ((__int128)-5 << 70) + 9);
    OUT(of_128(1, x, 1));
    OUT(of_128(5, x, 1, x + 2, 3, x - 4, 5, x * 6, 7, -x, 9));
}

int main(void)
{
    RUN(ints);
    RUN(all_types);
    RUN(quads);
    RUN(structures_among_others);
    RUN(copies);
    RUN(lists_in_turns);
    RUN(behind_named_ones);
    RUN(through_the_library);
    RUN(without_prototype);
    RUN(by_pointer);
    RUN(recursion);
    RUN(wide_integers);
    return 0;
}
