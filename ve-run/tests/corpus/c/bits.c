/* Bits: builtins of compilers, bit fields, 128-bit integers. */
#include "corpus.h"

static const u64 words[] = {1, 2, 0x80, 0xff, 0x8000, 0x12345678, 0x80000000, 0xffffffff, 0x100000000, 0x0123456789abcdef, 0x8000000000000000, 0xfffffffffffffffe, ~0ull};

TEST(count_bits)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        u64 x = IN(u64, words[i]);
        OUT(__builtin_popcountll(x) + __builtin_popcount((u32)x) * 100);
        OUT(__builtin_parityll(x) + __builtin_parity((u32)x) * 2);
        OUT(__builtin_clzll(x) + __builtin_ctzll(x) * 100);
        if ((u32)x)
            OUT(__builtin_clz((u32)x) + __builtin_ctz((u32)x) * 100);
        OUT(__builtin_ffsll(x) + __builtin_ffs((int)x) * 100);
        OUT(__builtin_clrsbll((long long)x) + __builtin_clrsb((int)x) * 100);
    }
    OUT(__builtin_ffs(IN(int, 0)) + __builtin_popcount(IN(int, 0)));
}

TEST(swap_bytes)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        u64 x = IN(u64, words[i]);
        OUT(__builtin_bswap64(x));
        OUT(__builtin_bswap32((u32)x));
        OUT(__builtin_bswap16((u16)x));
        OUT((x & 0xff) << 56 | (x & 0xff00) << 40 | (x & 0xff0000) << 24 | (x & 0xff000000) << 8 | (x >> 8 & 0xff000000) | (x >> 24 & 0xff0000) |
            (x >> 40 & 0xff00) | x >> 56);
    }
}

NOINLINE u64 reverse_bits(u64 x)
{
    x = (x & 0x5555555555555555) << 1 | (x >> 1 & 0x5555555555555555);
    x = (x & 0x3333333333333333) << 2 | (x >> 2 & 0x3333333333333333);
    x = (x & 0x0f0f0f0f0f0f0f0f) << 4 | (x >> 4 & 0x0f0f0f0f0f0f0f0f);
    return __builtin_bswap64(x);
}

NOINLINE int count_by_hand(u64 x)
{
    int n = 0;
    for (; x; x &= x - 1)
        n++;
    return n;
}

NOINLINE u64 spread(u32 x)
{
    u64 y = x;
    y = (y | y << 16) & 0x0000ffff0000ffff;
    y = (y | y << 8) & 0x00ff00ff00ff00ff;
    y = (y | y << 4) & 0x0f0f0f0f0f0f0f0f;
    y = (y | y << 2) & 0x3333333333333333;
    return (y | y << 1) & 0x5555555555555555;
}

TEST(bits_by_hand)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        OUT(reverse_bits(words[i]));
        OUT(count_by_hand(words[i]));
        OUT(spread((u32)words[i]) | spread((u32)(words[i] >> 32)) << 1);
        OUT(words[i] & -words[i]);
    }
}

#define OVERFLOW(type, a, b)                                                              \
    do {                                                                                  \
        type sum, difference, product;                                                    \
        int flags = __builtin_add_overflow((type)(a), (type)(b), &sum) |                  \
                    __builtin_sub_overflow((type)(a), (type)(b), &difference) << 1 |      \
                    __builtin_mul_overflow((type)(a), (type)(b), &product) << 2;          \
        OUT(flags);                                                                       \
        OUT((u64)sum ^ (u64)difference << 1 ^ (u64)product << 2);                         \
    } while (0)

TEST(overflow)
{
    for (size_t i = 0; i < COUNT(words); i++)
        for (size_t k = i; k < COUNT(words); k += 3) {
            u64 a = IN(u64, words[i]), b = IN(u64, words[k]);
            OVERFLOW(i8, a, b);
            OVERFLOW(u8, a, b);
            OVERFLOW(i16, a, b);
            OVERFLOW(u16, a, b);
            OVERFLOW(i32, a, b);
            OVERFLOW(u32, a, b);
            OVERFLOW(i64, a, b);
            OVERFLOW(u64, a, b);
        }
}

/* Operands of one type, the result of another. */
TEST(overflow_of_mixed_types)
{
    i8 narrow;
    u16 middle;
    i64 wide;
    for (size_t i = 0; i < COUNT(words); i++) {
        i32 a = IN(i32, (i32)words[i]);
        u32 b = IN(u32, (u32)words[i] >> 3);
        OUT(__builtin_add_overflow(a, b, &narrow));
        OUT((i64)narrow);
        OUT(__builtin_sub_overflow(a, b, &middle));
        OUT(middle);
        OUT(__builtin_mul_overflow(a, b, &wide));
        OUT(wide);
    }
}

NOINLINE int likely_path(int x)
{
    if (__builtin_expect(x > 10, 0))
        return x * 3;
    if (__builtin_expect_with_probability(x < 0, 1, 0.9))
        return -x;
    if (x == 5)
        return 55;
    return x;
}

NOINLINE int impossible(unsigned x)
{
    switch (x & 3) {
    case 0: return 5;
    case 1: return 7;
    case 2: return 11;
    case 3: return 13;
    }
    __builtin_unreachable();
}

TEST(hints)
{
    for (int x = -2; x < 13; x++) {
        OUT(likely_path(IN(int, x)));
        OUT(impossible((unsigned)x));
    }
    static long aligned[8] __attribute__((aligned(64)));
    long *pointer = __builtin_assume_aligned(aligned, 64);
    __builtin_prefetch(pointer, 1, 3);
    pointer[3] = IN(long, 77);
    OUT(aligned[3]);
    OUT((u64)aligned & 63);
    OUT(__builtin_constant_p(3) + 2 * __builtin_types_compatible_p(int, i32) + __builtin_choose_expr(1, 4, 8));
    OUT(__builtin_object_size(aligned, 0));
    OUT(__builtin_offsetof(struct { char a; double b; char c[3]; int d; }, d));
}

struct fields {
    unsigned a : 1;
    int b : 3;
    unsigned c : 7;
    int : 2;
    i64 d : 35;
    u64 e : 29;
    _Bool f : 1;
    unsigned : 0;
    u8 g : 5;
    i8 h : 6;
    u16 i : 16;
};

static struct fields global_fields = {1, -2, 100, -5000000000, 0x1fffffff, 1, 17, -32, 65535};

NOINLINE void change(struct fields *it, int by)
{
    it->a += by;
    it->b -= by;
    it->c *= 3;
    it->d <<= 1;
    it->e ^= 0x15555555;
    it->f = !it->f;
    it->g++;
    it->h /= 2;
    it->i--;
}

TEST(bit_fields)
{
    struct fields it = global_fields;
    for (int k = 0; k < 6; k++) {
        OUT(it.a);
        OUT((i64)it.b);
        OUT(it.c);
        OUT((i64)it.d);
        OUT(it.e);
        OUT(it.f);
        OUT(it.g);
        OUT((i64)it.h);
        OUT(it.i);
        change(&it, IN(int, 1));
    }
    OUT(sizeof it);
    out_bytes(&global_fields, sizeof global_fields);
}

struct wide_fields {
    u64 low : 40, high : 24;
    i64 whole : 64;
    u32 half : 31;
    i32 one : 1;
};

NOINLINE struct wide_fields make_wide(u64 x)
{
    return (struct wide_fields){.low = x, .high = x >> 40, .whole = (i64)~x, .half = (u32)x, .one = (i32)(x >> 31)};
}

TEST(wide_bit_fields)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        struct wide_fields it = make_wide(words[i]);
        OUT((u64)it.low << 24 | it.high);
        OUT(it.whole);
        OUT(it.half);
        OUT((i64)it.one);
        OUT((it.low - (u64)it.high) >> 1);
        OUT(it.one ? it.half + 1 : it.half - 1);
        OUT(it.high = it.low);
        OUT(it.half += 0x40000000);
    }
}

struct __attribute__((packed)) packed_fields {
    u8 a : 3;
    u32 b : 30;
    u64 c : 63;
    u16 d;
    i32 e : 24;
};

TEST(packed_bit_fields)
{
    struct packed_fields it[3];
    memset(it, 0x5a, sizeof it);
    for (int k = 0; k < 3; k++) {
        it[k].a = IN(u8, 5) + k;
        it[k].b = IN(u32, 0x2aaaaaaa) * (k + 1);
        it[k].c = IN(u64, 0x123456789abcdef0) << k;
        it[k].d = IN(u16, 0xbeef);
        it[k].e = IN(i32, -3) * (k + 1);
    }
    for (int k = 0; k < 3; k++) {
        OUT(it[k].a);
        OUT(it[k].b);
        OUT(it[k].c);
        OUT(it[k].d);
        OUT((i64)it[k].e);
    }
    OUT(sizeof it);
}

union overlay {
    struct {
        u32 sign : 1, exponent : 8;
    } wrong;
    struct {
        u32 fraction : 23, exponent : 8, sign : 1;
    } parts;
    float value;
    u8 bytes[4];
};

TEST(fields_of_a_float)
{
    union overlay it;
    for (float x = -8.5f; x < 10; x += 3.25f) {
        it.value = IN(float, x);
        OUT(it.parts.fraction);
        OUT(it.parts.exponent);
        OUT(it.parts.sign);
        it.parts.exponent++;
        it.parts.sign ^= 1;
        OUT(it.value);
        OUT(it.bytes[3]);
    }
}

typedef __int128 i128;
typedef unsigned __int128 u128;

static void out_128(u128 value)
{
    OUT((u64)(value >> 64));
    OUT((u64)value);
}

static const u128 wide[] = {
    0, 1, 10, ~(u128)0, (u128)1 << 64, (u128)1 << 127, ((u128)1 << 127) - 1, (u128)0x0123456789abcdef << 64 | 0xfedcba9876543210, (u128)12345678901234567890u * 98765432109876543u,
};

TEST(wide_arithmetic)
{
    for (size_t i = 0; i < COUNT(wide); i++)
        for (size_t k = 0; k < COUNT(wide); k += 2) {
            u128 a = IN(u128, wide[i]), b = IN(u128, wide[k]);
            out_128(a + b);
            out_128(a - b);
            out_128(a * b);
            out_128(~a ^ (b | a >> 1));
            out_128(-a);
            OUT((a < b) | ((i128)a < (i128)b) << 1 | (a == b) << 2 | (a >= b + 1) << 3);
        }
}

TEST(wide_division)
{
    for (size_t i = 0; i < COUNT(wide); i++)
        for (size_t k = 1; k < COUNT(wide); k++) {
            u128 a = IN(u128, wide[i]), b = IN(u128, wide[k]);
            out_128(a / b);
            out_128(a % b);
            if (b != ~(u128)0) {
                out_128((u128)((i128)a / (i128)b));
                out_128((u128)((i128)a % (i128)b));
            }
        }
}

TEST(wide_shifts)
{
    for (unsigned n = 0; n < 128; n += 9) {
        u128 x = IN(u128, wide[7] ^ (u128)1 << 127);
        unsigned by = IN(unsigned, n);
        out_128(x << by);
        out_128(x >> by);
        out_128((u128)((i128)x >> by));
    }
}

TEST(wide_conversions)
{
    for (size_t i = 0; i < COUNT(wide); i++) {
        u128 x = IN(u128, wide[i]);
        OUT((double)x);
        OUT((float)(x >> 1));
        OUT((double)(i128)x);
        OUT((float)(i128)x);
        OUT((i64)(i32)x);
    }
    double d[] = {0, 1.5, -1.5, 1e20, -1e30, 1.7e38};
    for (size_t i = 0; i < COUNT(d); i++) {
        out_128((u128)(i128)IN(double, d[i]));
        out_128((u128)(i128)IN(float, (float)d[i] / 2));
        if (d[i] >= 0)
            out_128((u128)IN(double, d[i]));
    }
}

NOINLINE u128 pass_wide(u128 a, int b, u128 c, i128 d, long e, u128 f)
{
    return a * (u128)b + c - (u128)d * (u128)e + f;
}

NOINLINE i128 negate_wide(i128 x) { return -x; }

TEST(wide_arguments)
{
    out_128(pass_wide(IN(u128, wide[7]), IN(int, -3), IN(u128, wide[8]), IN(i128, (i128)wide[3]), IN(long, 5), IN(u128, wide[4])));
    out_128((u128)negate_wide(IN(i128, (i128)wide[8])));
}

struct with_wide {
    char a;
    u128 b;
    short c;
    i128 d[2];
};

NOINLINE struct with_wide turn(struct with_wide argument)
{
    struct with_wide it = argument;
    u128 b = it.b;
    it.b = (u128)it.d[1];
    it.d[1] = it.d[0];
    it.d[0] = (i128)b;
    it.a++;
    it.c--;
    return it;
}

TEST(wide_members)
{
    struct with_wide it = {'a', wide[7], -7, {-1, (i128)wide[8]}};
    it = turn(turn(it));
    OUT(it.a);
    out_128(it.b);
    OUT((i64)it.c);
    out_128((u128)it.d[0]);
    out_128((u128)it.d[1]);
}

TEST(wide_overflow)
{
    u128 sum;
    i128 product;
    for (size_t i = 0; i < COUNT(wide); i++) {
        OUT(__builtin_add_overflow(IN(u128, wide[i]), IN(u128, wide[7]), &sum));
        out_128(sum);
        OUT(__builtin_mul_overflow((i64)wide[i], (i64)wide[8], &product));
        out_128((u128)product);
    }
}

/* Decimal digits of the largest number, by repeated division. */
TEST(wide_digits)
{
    char text[48], *end = text + 47;
    *end = 0;
    for (u128 x = IN(u128, ~(u128)0); x; x /= 10)
        *--end = (char)('0' + (int)(x % 10));
    out_text(end);
}

NOINLINE u64 multiply_modulo(u64 a, u64 b, u64 m)
{
    return (u64)((u128)a * b % m);
}

NOINLINE int is_prime(u64 n)
{
    static const u64 witnesses[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    if (n < 2)
        return 0;
    for (size_t i = 0; i < COUNT(witnesses); i++)
        if (n % witnesses[i] == 0)
            return n == witnesses[i];
    u64 odd = n - 1;
    int twos = __builtin_ctzll(odd);
    odd >>= twos;
    for (size_t i = 0; i < COUNT(witnesses); i++) {
        u64 x = 1, base = witnesses[i];
        for (u64 e = odd; e; e >>= 1) {
            if (e & 1)
                x = multiply_modulo(x, base, n);
            base = multiply_modulo(base, base, n);
        }
        if (x == 1 || x == n - 1)
            continue;
        int k = 1;
        for (; k < twos && x != n - 1; k++)
            x = multiply_modulo(x, x, n);
        if (x != n - 1)
            return 0;
    }
    return 1;
}

TEST(primes)
{
    u64 n = IN(u64, 18446744073709551557u);
    OUT(is_prime(n));
    OUT(is_prime(n - 2));
    OUT(is_prime(IN(u64, 3215031751)));
    OUT(is_prime(IN(u64, 4294967291)));
}

int main(void)
{
    RUN(count_bits);
    RUN(swap_bytes);
    RUN(bits_by_hand);
    RUN(overflow);
    RUN(overflow_of_mixed_types);
    RUN(hints);
    RUN(bit_fields);
    RUN(wide_bit_fields);
    RUN(packed_bit_fields);
    RUN(fields_of_a_float);
    RUN(wide_arithmetic);
    RUN(wide_division);
    RUN(wide_shifts);
    RUN(wide_conversions);
    RUN(wide_arguments);
    RUN(wide_members);
    RUN(wide_overflow);
    RUN(wide_digits);
    RUN(primes);
    return 0;
}
