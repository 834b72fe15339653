/* Integers of all widths: conversions, arithmetic, shifts, comparisons. */
#include <limits.h>

#include "corpus.h"

#define EDGES {0, 1, 2, 3, 7, 8, 63, 64, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff, \
               0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffff80, 0xffffffffffff8000, 0xffffffff80000000}

static const u64 edges[] = EDGES;

TEST(narrow_and_widen)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        u64 x = IN(u64, edges[i]);
        OUT((u64)(i8)x ^ (u64)(i16)x << 8);
        OUT((u64)(u8)x + (u64)(u16)x + (u64)(u32)x);
        OUT((i64)(i32)x);
        OUT((i64)(i16)(u8)x - (i64)(u16)(i8)x);
        OUT((u32)(i8)x / 3u);
    }
}

/* Operands smaller than int become int, so that their sum may be wider than they are. */
TEST(promotion)
{
    u8 a = IN(u8, 200), b = IN(u8, 100);
    i8 c = IN(i8, -128);
    u16 d = IN(u16, 65535);
    OUT(a + b);
    OUT((u8)(a + b));
    OUT(-c);
    OUT((i8)-c);
    OUT((u32)(d * d));
    OUT(~a);
    OUT((u8)~a >> 4);
    OUT(~a >> 4);
    OUT((i64)(c << 4));
    OUT(a - 201 < 0);
    OUT(a - 201u < 0u);
    OUT(sizeof(a + b) + sizeof(+c) * 16 + sizeof(d << 1l) * 256);
    OUT((c < (i64)a) * 2 + ((u32)c < (u32)a));
    OUT(-1 < (u16)1);
    OUT(-1 < IN(u32, 1));
}

NOINLINE u64 mixed_comparisons(i8 a, u8 b, i16 c, u16 d, i32 e, u32 f, i64 g, u64 h)
{
    u64 bits = 0;
    bits = bits << 1 | (a < b);
    bits = bits << 1 | (c < d);
    bits = bits << 1 | (a < d);
    bits = bits << 1 | ((u32)e < f);
    bits = bits << 1 | (e < (i64)f);
    bits = bits << 1 | ((u64)g < h);
    bits = bits << 1 | (g <= e);
    bits = bits << 1 | (g >= a);
    bits = bits << 1 | (f == (u32)g);
    bits = bits << 1 | (h != f);
    bits = bits << 1 | (f > h);
    return bits << 1 | (d >= a);
}

TEST(comparisons)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        u64 x = edges[i], y = edges[(i * 7 + 3) % COUNT(edges)];
        OUT(mixed_comparisons((i8)x, (u8)y, (i16)y, (u16)x, (i32)x, (u32)y, (i64)y, x));
    }
}

#define DIVIDE(type, a, b) (OUT((type)(a) / (type)(b)), OUT((type)(a) % (type)(b)))

TEST(division)
{
    for (size_t i = 0; i < COUNT(edges); i++)
        for (size_t k = 1; k < COUNT(edges); k += 4) {
            u64 a = IN(u64, edges[i]), b = IN(u64, edges[k]) | 1;
            DIVIDE(u64, a, b);
            DIVIDE(u32, a, b);
            DIVIDE(u16, a, b);
            DIVIDE(u8, a, b);
            if (a != 1ull << 63 || b != ~0ull)
                DIVIDE(i64, a, b);
            if ((i32)a != INT_MIN || (i32)b != -1)
                DIVIDE(i32, a, b);
            DIVIDE(i16, a, b);
            DIVIDE(i8, a, b);
        }
}

/* Compilers turn these into multiplications and shifts. */
TEST(division_by_constants)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        u64 x = IN(u64, edges[i]);
        i64 s = (i64)x;
        u32 w = (u32)x;
        i32 t = (i32)x;
        OUT(x / 10 ^ x % 10 << 60);
        OUT(x / 7 + x % 7);
        OUT(x / 641 - x / 6700417);
        OUT(s / 10 * 3 + s % 10);
        OUT(s / -7);
        OUT(s % 16);
        OUT(s / 1024);
        OUT(w / 7u + w % 7u);
        OUT(w / 255u);
        OUT(t / 3);
        OUT(t % -5);
        OUT(t / 8 + t % 8);
        OUT((i8)x / 3 + (u8)x / 3);
        OUT((i16)x / 100 + (u16)x % 100);
    }
}

TEST(shifts)
{
    for (unsigned n = 0; n < 64; n += 1 + n / 4) {
        u64 x = IN(u64, 0x8123456789abcdef);
        unsigned by = IN(unsigned, n);
        OUT(x << by);
        OUT(x >> by);
        OUT((i64)x >> by);
        OUT((u32)x >> by % 32);
        OUT((i32)x >> by % 32);
        OUT((u32)x << by % 32);
        OUT((i16)x >> by % 16);
        OUT((u8)((u8)x << by % 8));
        OUT((i8)x >> by % 8);
    }
}

TEST(rotations)
{
    u64 x = IN(u64, 0xfedcba9876543210);
    for (unsigned n = 1; n < 64; n += 5) {
        unsigned by = IN(unsigned, n);
        OUT(x << by | x >> (64 - by));
        OUT((u32)x << by % 32 | (u32)x >> (-by & 31));
        OUT((u16)((u16)x << by % 16 | (u16)x >> (-by & 15)));
        OUT((u8)((u8)x >> by % 8 | (u8)x << (-by & 7)));
    }
}

TEST(multiplication)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        u64 a = IN(u64, edges[i]), b = IN(u64, edges[(i * 5 + 1) % COUNT(edges)]);
        OUT(a * b);
        OUT((u32)a * (u32)b);
        OUT((i64)(i32)a * (i32)b);
        OUT((u64)(u32)a * (u32)b);
        OUT((i16)((i16)a * (i16)b));
        OUT((u8)a * (i8)b);
        OUT(a * 10 + a * 31 - a * 63);
    }
}

/* The upper half of a product, from four products of halves. */
NOINLINE u64 upper_product(u64 a, u64 b)
{
    u64 low = (u64)(u32)a * (u32)b;
    u64 first = (a >> 32) * (u32)b + (low >> 32);
    u64 second = (u32)a * (b >> 32) + (u32)first;
    return (a >> 32) * (b >> 32) + (first >> 32) + (second >> 32);
}

TEST(long_multiplication)
{
    for (size_t i = 0; i < COUNT(edges); i++)
        OUT(upper_product(edges[i], edges[(i * 11 + 5) % COUNT(edges)]));
}

NOINLINE i32 add_saturated(i32 a, i32 b)
{
    i64 sum = (i64)a + b;
    return sum > INT_MAX ? INT_MAX : sum < INT_MIN ? INT_MIN : (i32)sum;
}

NOINLINE u16 subtract_saturated(u16 a, u16 b)
{
    return a < b ? 0 : a - b;
}

TEST(saturation)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        u64 a = edges[i], b = edges[(i * 3 + 16) % COUNT(edges)];
        OUT(add_saturated((i32)a, (i32)b));
        OUT(subtract_saturated((u16)a, (u16)b));
    }
}

NOINLINE i64 least_of_three(i64 a, i64 b, i64 c)
{
    i64 least = a < b ? a : b;
    return c < least ? c : least;
}

NOINLINE u32 clamp(u32 x, u32 low, u32 high)
{
    return x < low ? low : x > high ? high : x;
}

TEST(selection)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        i64 a = (i64)edges[i];
        OUT(least_of_three(a, -5, a * 3));
        OUT(clamp((u32)a, 10, 0x80000001));
        OUT((a ^ a >> 63) - (a >> 63));
        OUT((a > 0) - (a < 0));
        OUT(a & 1 ? a : -a);
    }
}

NOINLINE u64 common_divisor(u64 a, u64 b)
{
    while (b) {
        u64 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

NOINLINE u32 root(u64 x)
{
    u64 result = 0;
    for (u64 bit = 1ull << 62; bit; bit >>= 2) {
        if (x >= result + bit) {
            x -= result + bit;
            result = (result >> 1) + bit;
        } else {
            result >>= 1;
        }
    }
    return (u32)result;
}

NOINLINE u64 power_modulo(u64 base, u64 exponent, u32 modulus)
{
    u64 result = 1;
    for (base %= modulus; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * base % modulus;
        base = base * base % modulus;
    }
    return result;
}

TEST(number_theory)
{
    OUT(common_divisor(IN(u64, 2 * 3 * 5 * 7 * 11 * 13ull << 40), IN(u64, 7 * 13 * 17 * 19ull << 20)));
    OUT(common_divisor(IN(u64, ~0ull), IN(u64, 0xffffffff)));
    for (size_t i = 0; i < COUNT(edges); i++)
        OUT(root(edges[i]));
    OUT(power_modulo(IN(u64, 3), IN(u64, 0x123456789abcdef), IN(u32, 4294967291)));
    OUT(power_modulo(IN(u64, ~0ull), IN(u64, 4294967290), IN(u32, 4294967291)));
}

/* Carries along four words. */
NOINLINE void add_words(u64 *sum, const u64 *a, const u64 *b)
{
    u64 carry = 0;
    for (int i = 0; i < 4; i++) {
        u64 partial = a[i] + carry;
        carry = partial < carry;
        sum[i] = partial + b[i];
        carry += sum[i] < partial;
    }
}

TEST(carries)
{
    u64 a[4] = {~0ull, ~0ull, 0, 1ull << 63}, b[4] = {IN(u64, 1), 0, ~0ull, 1ull << 63}, sum[4];
    add_words(sum, a, b);
    for (int i = 0; i < 4; i++)
        OUT(sum[i]);
    add_words(sum, sum, sum);
    for (int i = 0; i < 4; i++)
        OUT(sum[i]);
}

TEST(booleans)
{
    _Bool a = IN(u64, 1ull << 40), b = IN(double, 0.25), c = IN(int, 0);
    void *volatile pointer = &a;
    _Bool d = pointer;
    OUT(a + b + c + d);
    a += 5;
    OUT(a);
    a--;
    OUT(a);
    a--;
    OUT(a);
    OUT(!b + !!c * 2 + (b && !c) * 4 + (b ^ d) * 8);
    OUT((_Bool)IN(float, -0.0f));
    OUT((_Bool)IN(i8, -128) << 3);
    OUT(-(_Bool)IN(int, 7));
}

enum small { FIRST = -3, SECOND, THIRD = 100 };
enum large { HUGE_ONE = 0x100000000, NEXT_ONE };
enum unsigned_one { TOP = 0xffffffff };

NOINLINE enum small follow(enum small it)
{
    switch (it) {
    case FIRST: return SECOND;
    case SECOND: return THIRD;
    default: return FIRST;
    }
}

TEST(enumerations)
{
    OUT(follow(IN(enum small, FIRST)));
    OUT(follow(follow(FIRST)));
    OUT(follow(follow(follow(FIRST))));
    OUT(NEXT_ONE + sizeof(enum large));
    OUT(IN(enum unsigned_one, TOP) > 0);
    OUT(IN(enum small, FIRST) < 0);
}

TEST(compound_assignment)
{
    u8 a = IN(u8, 250);
    i16 b = IN(i16, 30000);
    u32 c = IN(u32, 0xfffffff0);
    i64 d = IN(i64, -7);
    a += 10;
    OUT(a);
    a -= 20;
    OUT(a);
    a *= 3;
    OUT(a);
    a <<= 3;
    OUT(a);
    b *= 2;
    OUT((i64)b);
    b >>= 1;
    OUT((i64)b);
    b /= -7;
    OUT((i64)b);
    c += 0x20;
    OUT(c);
    c ^= (u32)d;
    OUT(c);
    c -= 1.5;
    OUT(c);
    d %= 4;
    OUT(d);
    d *= 1.25;
    OUT(d);
    d -= c;
    OUT(d);
    a |= d >> 8;
    OUT(a);
    OUT(a++ + (u64)a * 256);
    OUT(--b + (i64)b--);
}

TEST(increments_at_the_edge)
{
    u8 a = IN(u8, 255);
    i8 b = IN(i8, 127);
    u16 c = IN(u16, 0);
    i32 d = IN(i32, INT_MAX);
    OUT(a++);
    OUT(a);
    OUT(++b);
    OUT(b--);
    OUT(b);
    OUT(--c);
    OUT(d++);
    OUT((i64)d);
}

/* Digits by hand, in every base. */
NOINLINE const char *in_base(i64 value, unsigned base, char *end)
{
    u64 rest = value < 0 ? -(u64)value : (u64)value;
    *end = 0;
    do
        *--end = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % base];
    while (rest /= base);
    if (value < 0)
        *--end = '-';
    return end;
}

TEST(digits)
{
    char room[70];
    for (unsigned base = 2; base <= 36; base += 7) {
        out_text(in_base(IN(i64, INT64_MIN), base, room + 69));
        out_text(in_base(IN(i64, INT64_MAX - 5), base, room + 69));
        out_text(in_base(0, base, room + 69));
    }
}

NOINLINE u64 many(i8 a, u8 b, i16 c, u16 d, i32 e, u32 f, i64 g, u64 h, i8 i, u8 j, i16 k, u16 l, i32 m, u32 n, i64 o, u64 p, _Bool q, char r)
{
    return a + 3ull * b + 5ull * c + 7ull * d + 11ull * e + 13ull * f + 17ull * g + 19ull * h + 23ull * i + 29ull * j + 31ull * k + 37ull * l +
           41ull * m + 43ull * n + 47ull * o + 53ull * p + 59ull * q + 61ull * r;
}

TEST(arguments_beyond_registers)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        u64 x = edges[i];
        OUT(many(x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x != 0, x));
        OUT(many(-x, x + 1, ~x, x, -x, x, x >> 1, x, x >> 3, x, x >> 5, ~x, x, x, x, -x, x & 1, x >> 7));
    }
}

NOINLINE i8 give_i8(i64 x) { return x; }
NOINLINE u8 give_u8(i64 x) { return x; }
NOINLINE i16 give_i16(i64 x) { return x; }
NOINLINE u16 give_u16(i64 x) { return x; }
NOINLINE i32 give_i32(i64 x) { return x; }
NOINLINE u32 give_u32(i64 x) { return x; }
NOINLINE _Bool give_bool(i64 x) { return x; }

TEST(narrow_results)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        i64 x = (i64)edges[i];
        OUT((i64)give_i8(x));
        OUT((u64)give_u8(x));
        OUT((i64)give_i16(x));
        OUT((u64)give_u16(x));
        OUT((i64)give_i32(x));
        OUT((u64)give_u32(x));
        OUT((u64)give_bool(x));
    }
}

TEST(constants_of_all_kinds)
{
    OUT('\377');
    OUT('ab' & 0xff);
    OUT(L'\xffff');
    OUT(u'\xe4');
    OUT(U'\U0001f600');
    OUT(0x7fffffff + 0u);
    OUT(0777777777777ll);
    OUT(sizeof(2147483648) + sizeof(0x80000000));
    OUT(18446744073709551615ull);
    OUT(-2147483647 - 1);
    OUT(LLONG_MIN);
    OUT(CHAR_MIN + SHRT_MAX + UCHAR_MAX);
}

/* Every way to put a number of 64 bits into a register. */
TEST(immediates)
{
    u64 x = IN(u64, 0x0f0f0f0f0f0f0f0f);
    OUT(x + 0x3f);
    OUT(x + 0x40);
    OUT(x - 0x40);
    OUT(x - 0x41);
    OUT(x + 0x7fffffff);
    OUT(x + 0x80000000);
    OUT(x - 0x80000000);
    OUT(x - 0x80000001);
    OUT(x ^ 0xffffffff00000000);
    OUT(x & 0xffffffff);
    OUT(x & 0x7fffffffffff);
    OUT(x & ~0xffull);
    OUT(x | 0x8000000000000000);
    OUT(x ^ 0x123456789abcdef0);
    OUT(x == 0x0f0f0f0f0f0f0f0f);
    OUT(x > 0xffffffff7fffffff);
    OUT(x & 0xff0000ff);
    OUT(x | 0xffff0000ffff);
}

int main(void)
{
    RUN(narrow_and_widen);
    RUN(promotion);
    RUN(comparisons);
    RUN(division);
    RUN(division_by_constants);
    RUN(shifts);
    RUN(rotations);
    RUN(multiplication);
    RUN(long_multiplication);
    RUN(saturation);
    RUN(selection);
    RUN(number_theory);
    RUN(carries);
    RUN(booleans);
    RUN(enumerations);
    RUN(compound_assignment);
    RUN(increments_at_the_edge);
    RUN(digits);
    RUN(arguments_beyond_registers);
    RUN(narrow_results);
    RUN(constants_of_all_kinds);
    RUN(immediates);
    return 0;
}
