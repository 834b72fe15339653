#include "libc.h"

/* The functions that ncc's code calls. The host has the functions of numbers under their usual names, and no others. */
#define ONE(F) F(acos) F(acosh) F(asin) F(asinh) F(atan) F(atanh) F(cos) F(cosh) F(erf) F(erfc) F(exp) F(exp2) F(expm1) \
    F(log) F(log10) F(log2) F(sin) F(sinh) F(sqrt) F(tan) F(tanh)
#define TWO(F) F(atan2) F(pow)
#define UPDATES(F) F(add) F(sub) F(and) F(or) F(xor) F(nand)
#ifdef __ve__
#define FAST(g) __fast_##g
#define AT(g) __atomic_##g
#define UPDATE(g) \
    long AT(fetch_##g##_8)(long *, long, int), AT(g##_fetch_8)(long *, long, int); \
    unsigned AT(fetch_##g##_4)(unsigned *, unsigned, int), AT(g##_fetch_4)(unsigned *, unsigned, int);
#define OTHERS(type, size) \
    type AT(load_##size)(type *, int), AT(exchange_##size)(type *, type, int); \
    void AT(store_##size)(type *, type, int); \
    _Bool AT(compare_exchange_##size)(type *, type *, type, int, int);
void __ftrace_func_enter(void), __ftrace_func_exit(void);
int ftrace_region_begin(const char *), ftrace_region_end(const char *);
#else
#define FAST(g) g
#define AT(g) here_##g
#define UPDATE(g) \
    static long AT(fetch_##g##_8)(long *p, long x, int o) { return __atomic_fetch_##g(p, x, 5); } \
    static long AT(g##_fetch_8)(long *p, long x, int o) { return __atomic_##g##_fetch(p, x, 5); } \
    static unsigned AT(fetch_##g##_4)(unsigned *p, unsigned x, int o) { return __atomic_fetch_##g(p, x, 5); } \
    static unsigned AT(g##_fetch_4)(unsigned *p, unsigned x, int o) { return __atomic_##g##_fetch(p, x, 5); }
#define OTHERS(type, size) \
    static type AT(load_##size)(type *p, int o) { return __atomic_load_n(p, 5); } \
    static type AT(exchange_##size)(type *p, type x, int o) { return __atomic_exchange_n(p, x, 5); } \
    static void AT(store_##size)(type *p, type x, int o) { __atomic_store_n(p, x, 5); } \
    static _Bool AT(compare_exchange_##size)(type *p, type *q, type x, int o, int f) { return __atomic_compare_exchange_n(p, q, x, 0, 5, 5); }
static void __ftrace_func_enter(void) {}
static void __ftrace_func_exit(void) {}
static int ftrace_region_begin(const char *name) { return 0; }
static int ftrace_region_end(const char *name) { return 0; }
#endif
#define DECLARE1(g) double FAST(g)(double); float FAST(g##f)(float);
#define DECLARE2(g) double FAST(g)(double, double); float FAST(g##f)(float, float);
ONE(DECLARE1)
TWO(DECLARE2)
UPDATES(UPDATE)
OTHERS(long, 8)
OTHERS(unsigned, 4)

static unsigned long bits(double x) { unsigned long n; memcpy(&n, &x, 8); return x != x ? 1 : n; }
static unsigned bits_single(float x) { unsigned n; memcpy(&n, &x, 4); return x != x ? 1 : n; }

static void numbers(void)
{
    static const double all[] = { 0.0, -0.0, 0.5, -0.75, 1, 2.5, 1e-9, 30, -7 };
    for (int i = 0; i < 9; i++) {
        double x = all[i], y = all[8 - i];
#define CALL1(g) out(#g " %d %lx %x\n", i, bits(FAST(g)(x)), bits_single(FAST(g##f)((float)x)));
#define CALL2(g) out(#g " %d %lx %x\n", i, bits(FAST(g)(x, y)), bits_single(FAST(g##f)((float)x, (float)y)));
        ONE(CALL1)
        TWO(CALL2)
    }
}

static void atomics(void)
{
    long wide = 0x123456789abcdef0;
    unsigned narrow = 0x9abcdef0, around[3] = { 7, 0x80000000, 9 };
    for (long x = -3; x < 4; x++) {
#define CALL(g) \
    out(#g " %lx", AT(fetch_##g##_8)(&wide, x, 5)); \
    out(" %lx", AT(g##_fetch_8)(&wide, x * 77, 5)); \
    out(" %x", AT(fetch_##g##_4)(&narrow, x, 5)); \
    out(" %x\n", AT(g##_fetch_4)(&narrow, x * 77, 5));
        UPDATES(CALL)
    }
    out("%lx %x", AT(load_8)(&wide, 5), AT(exchange_4)(&around[1], 5, 5));
    out(" %x %lx", around[1], AT(exchange_8)(&wide, -5, 5));
    AT(store_4)(&narrow, 1234, 5);
    AT(store_8)(&wide, -1234, 5);
    out(" %x %lx %u %u\n", AT(load_4)(&narrow, 5), wide, around[0], around[2]);
    long expected = 1;
    for (int i = 0; i < 3; i++) {
        out("%d ", AT(compare_exchange_8)(&wide, &expected, 50 + i, 5, 5));
        out("%ld %ld\n", wide, expected);
    }
    unsigned other = 4;
    for (int i = 0; i < 3; i++) {
        out("%d ", AT(compare_exchange_4)(&narrow, &other, 50 + i, 5, 5));
        out("%u %u\n", narrow, other);
    }
}

static void traces(void)
{
    __ftrace_func_enter();
    out("%d\n", ftrace_region_begin("here"));
    out("%d\n", ftrace_region_end("here"));
    __ftrace_func_exit();
}

static void run(void)
{
    numbers();
    atomics();
    traces();
}
