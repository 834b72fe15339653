#include "libc.h"

#define ONE(F) F(acos) F(acosh) F(asin) F(asinh) F(atan) F(atanh)  F(ceil) F(cos) F(cosh) F(erf) F(erfc) F(exp) F(exp2) F(expm1) \
    F(fabs) F(floor) F(log) F(log10) F(log1p) F(log2) F(logb) F(nearbyint) F(rint) F(round) F(trunc) F(sin) F(sinh) F(sqrt) F(tan) F(tanh) \
    F(tgamma) F(lgamma)
#define TWO(F) F(atan2) F(copysign) F(fdim) F(fmax) F(fmin) F(fmod) F(hypot) F(nextafter) F(pow) F(remainder)
#define DECLARE1(g) double g(double); float g##f(float);
#define DECLARE2(g) double g(double, double); float g##f(float, float);
ONE(DECLARE1)
double cbrt(double);
TWO(DECLARE2)
double fma(double, double, double), ldexp(double, int), frexp(double, int *), modf(double, double *), remquo(double, double, int *);
float fmaf(float, float, float), frexpf(float, int *), modff(float, float *);
long lrint(double), lround(double), lroundf(float);
int ilogb(double);
void sincos(double, double *, double *);

static unsigned long bits(double x) { unsigned long n; memcpy(&n, &x, 8); return x != x ? 1 : n; }
static unsigned bits_single(float x) { unsigned n; memcpy(&n, &x, 4); return x != x ? 1 : n; }
static unsigned long long low(unsigned __int128 x) { return x; }
static unsigned long long high(unsigned __int128 x) { return x >> 64; }

static const double edges[] = { 0.0, -0.0, 1, -1, 0.5, 2.5, -2.5, 1e300, 1e-300, 4.9e-324, 710, -745, 3.14159, 1e15 + 0.5 };
#define EDGES (sizeof edges / sizeof *edges)
static double number(int i)
{
    if (i < (int)EDGES) return edges[i];
    if (i == (int)EDGES) return __builtin_inf();
    if (i == (int)EDGES + 1) return -__builtin_inf();
    if (i == (int)EDGES + 2) return __builtin_nan("");
    return ((long)random_below(2000001) - 1000000) * (i % 3 ? 1e-6 : 1e-4);
}

static void real(void)
{
    for (int i = 0; i < 60; i++) {
        double x = number(i), y = number(59 - i), part;
        int n;
        out("%d:", i);
#define CALL1(g) errno = 0; out(" " #g " %lx", bits(g(x))); out("/%d", errno); out(" %x", bits_single(g##f((float)x)));
#define CALL2(g) out(" " #g " %lx", bits(g(x, y))); out(" %x", bits_single(g##f((float)x, (float)y)));
        ONE(CALL1)
        // One of the host's two cube roots, C's or Rust's, is right even in the last bit of a double.
        out(" %x", bits_single((float)cbrt(x)));
        TWO(CALL2)
        out(" %lx %x", bits(fma(x, y, x)), bits_single(fmaf(x, y, x)));
        out(" %lx", bits(ldexp(x, i - 30)));
        n = 0;
        out(" %lx", bits(frexp(x, &n)));
        if (x - x == 0) out("/%d", n);
        out(" %lx", bits(modf(x, &part)));
        out("/%lx", bits(part));
        n = 0;
        out(" %lx", bits(remquo(x, y, &n)));
        if (x - x == 0 && y - y == 0 && y != 0) out("/%d", n & 7);
        if (x - x == 0 && x < 1e17 && x > -1e17) { out(" %ld %ld", lrint(x), lround(x)); out(" %ld", lroundf((float)x)); }
        double s, c;
        sincos(x, &s, &c);
        out(" %lx %lx\n", bits(s), bits(c));
    }
}

static void wide(void)
{
    for (int i = 0; i < 300; i++) {
        unsigned __int128 a = (unsigned __int128)random_below(-1ul) << 64 | random_below(-1ul), b = (unsigned __int128)random_below(-1ul) << 64 | random_below(-1ul);
        a >>= random_below(128);
        b >>= random_below(128);
        if (b == 0) b = 7;
        __int128 c = (__int128)(i % 2 ? -a : a), d = (__int128)(i % 4 > 1 ? -b : b);
        int n = (int)random_below(128);
        unsigned __int128 results[] = { a * b, a / b, a % b, c / d, c % d, a << n, a >> n, c >> n, -a };
        for (unsigned k = 0; k < sizeof results / 16; k++) out("%llx.%llx ", high(results[k]), low(results[k]));
        out("%lx %lx %x %x ", bits((double)a), bits((double)c), bits_single((float)a), bits_single((float)c));
        double x = (double)(long)(c >> 70) * 1.5;
        __int128 back = (__int128)(x * 1e9);
        unsigned __int128 positive = (unsigned __int128)(x < 0 ? -x : x);
        out("%llx.%llx %llx.%llx\n", high(back), low(back), high(positive), low(positive));
    }
}

static void complex_numbers(void)
{
    for (int i = 0; i < 300; i++) {
        double _Complex a, b;
        float _Complex c, d;
        __real__ a = number(i % 80);
        __imag__ a = number((i * 7 + 3) % 80);
        __real__ b = number((i * 11 + 5) % 80);
        __imag__ b = number((i * 13 + 9) % 80);
        __real__ c = (float)__real__ a; __imag__ c = (float)__imag__ a;
        __real__ d = (float)__real__ b; __imag__ d = (float)__imag__ b;
        double _Complex product = a * b;
        float _Complex single = c * d;
        out("%lx %lx %x %x ", bits(__real__ product), bits(__imag__ product), bits_single(__real__ single), bits_single(__imag__ single));
        /* The last digits of a quotient depend on the way; so only some are shown. */
        double _Complex quotient = a / b;
        double size = __real__ b * __real__ b + __imag__ b * __imag__ b;
        if (size > 1e-9 && size < 1e9 && __real__ a * __real__ a + __imag__ a * __imag__ a < 1e9) out("%.6g %.6g", __real__ quotient + 1000, __imag__ quotient + 1000);
        out("\n");
    }
}

/* Numbers for which the kinds of long double agree: 64 bits of mantissa are enough. */
static void long_doubles(void)
{
    for (int i = 0; i < 200; i++) {
        long m = (long)random_below(1ul << 30) - (1l << 29), n = (long)random_below(1ul << 30) - (1l << 29);
        if (n == 0) n = 3;
        long double a = m, b = n;
        out("%.3Lf %.3Lf %.3Lf ", a + b, a - b, a * b);
        out("%ld %ld ", (long)(a * b / b), (long)(a / 4));
        out("%d%d%d%d%d%d ", a < b, a <= b, a > b, a >= b, a == b, a != b);
        out("%lx %x %ld\n", bits((double)(a / 8)), bits_single((float)a), (long)(unsigned)(a < 0 ? -a : a));
    }
}

/* A function from another C library tells how a binary128 is printed. */
#ifdef __ve__
static void exact(const char *format, unsigned long top, unsigned long bottom)
{
    char with[20], *to = with;
    static char text[6000];
    for (const char *from = format; *from; from++) { if (!from[1]) *to++ = 'L'; *to++ = *from; }
    *to = 0;
    unsigned long halves[2] = { bottom, top };
    long double x;
    memcpy(&x, halves, 16);
    snprintf(text, sizeof text, with, x);
    out("%s\n", text);
}
#else
int strfromf128(char *, size_t, const char *, _Float128);
static void exact(const char *format, unsigned long top, unsigned long bottom)
{
    static char text[6000];
    unsigned long halves[2] = { bottom, top };
    _Float128 x;
    memcpy(&x, halves, 16);
    strfromf128(text, sizeof text, format, x);
    out("%s\n", text);
}
#endif

static void quads(void)
{
    static const char *formats[] = { "%.40f", "%.50e", "%.60g", "%a", "%.5a", "%.0f", "%e", "%g", "%.33A" };
    for (int i = 0; i < 120; i++) {
        unsigned long top = random_below(-1ul), bottom = random_below(-1ul);
        if (i % 2) top = (top & 0x8000fffffffffffful) | (0x3ff0 + random_below(100)) << 48;
        if (i % 5 == 0) bottom = 0;
        if (i % 11 == 0) top &= 0x8000fffffffffffful;
        for (unsigned f = 0; f < sizeof formats / sizeof *formats; f++) exact(formats[f], top, bottom);
    }
    exact("%f", 0x7fffful << 44, 0);
    exact("%f", 0x7fff800000000000ul, 0);
}

struct random_data { int *opaque[2], *state, rest[6]; };
struct drand48_data { unsigned short state[3], old[3], term, is_set; unsigned long long factor; };
char *ecvt(double, int, int *, int *), *fcvt(double, int, int *, int *), *gcvt(double, int, char *);
int ecvt_r(double, int, int *, int *, char *, size_t), fcvt_r(double, int, int *, int *, char *, size_t);
int strfromd(char *, size_t, const char *, double), strfromf(char *, size_t, const char *, float);
char *initstate(unsigned, char *, size_t), *setstate(char *);
long random(void);
void srandom(unsigned);
int initstate_r(unsigned, char *, size_t, struct random_data *), setstate_r(char *, struct random_data *);
int random_r(struct random_data *, int *), srandom_r(unsigned, struct random_data *);
int drand48_r(struct drand48_data *, double *), erand48_r(unsigned short *, struct drand48_data *, double *);
int lrand48_r(struct drand48_data *, long *), nrand48_r(unsigned short *, struct drand48_data *, long *);
int mrand48_r(struct drand48_data *, long *), jrand48_r(unsigned short *, struct drand48_data *, long *);
int srand48_r(long, struct drand48_data *), seed48_r(unsigned short *, struct drand48_data *);
int lcong48_r(unsigned short *, struct drand48_data *);

static void digits(void)
{
    static const double values[] = { 0, 1, -1, 3.14159265358979, 1e-10, 123456.789, -9.9999, 0.05, 1e20, 1e300, 5e-324, 1 / 0.0, -1 / 0.0, 0 / 0.0 };
    for (int i = 0; i < sizeof values / sizeof *values; i++)
        for (int count = -2; count < 20; count += 3) {
            char text[512];
            int point = 0, sign = 0;
            out("%s ", ecvt(values[i], count, &point, &sign)); out("%d %d ", point, !!sign);
            out("%s ", fcvt(values[i], count, &point, &sign)); out("%d %d ", point, !!sign);
            if (count > 0) out("%s ", gcvt(values[i], count, text));
            int done = ecvt_r(values[i], count, &point, &sign, text, 8);
            out("%d ", done); if (!done) out("%s ", text);
            done = fcvt_r(values[i], count, &point, &sign, text, sizeof text);
            out("%d ", done); if (!done) out("%s", text);
            out("\n");
        }
    for (int i = 0; i < sizeof values / sizeof *values; i++) {
        static const char *const formats[] = { "%g", "%.3f", "%.10e", "%a", "%G", "%.0f", "%F" };
        for (int k = 0; k < sizeof formats / sizeof *formats; k++) {
            char text[400];
            out("%d ", strfromd(text, sizeof text, formats[k], values[i])); out("%s ", text);
            out("%d ", strfromf(text, 6, formats[k], values[i])); out("%s ", text);
            out("%d\n", strfromd(0, 0, formats[k], values[i]));
        }
    }
}

static void states(void)
{
    static char state[300], other[300];
    srandom(5);
    long first = random();
    for (int size = 0; size < 300; size += 17) {
        char *before = size < 8 ? 0 : initstate(size, state, size);
        if (size >= 8) { for (int i = 0; i < 70; i++) out("%ld ", random()); setstate(before); }
        struct random_data data;
        memset(&data, 0, sizeof data);
        int number = 0;
        out("%d ", initstate_r(size + 1, other, size, &data));
        if (size < 8) continue;
        for (int i = 0; i < 70; i++) { random_r(&data, &number); out("%d ", number); }
        out("%d ", srandom_r(9, &data)); random_r(&data, &number); out("%d ", number);
        out("%d ", setstate_r(state, &data)); random_r(&data, &number); out("%d\n", number);
    }
    out("%ld %ld\n", first, random());
    srandom(7); out("%ld\n", random());
    struct drand48_data data;
    double fraction;
    long number;
    unsigned short three[3] = { 1, 2, 3 }, seven[7] = { 1, 2, 3, 4, 5, 6, 7 };
    memset(&data, 0, sizeof data);
    out("%d ", erand48_r(three, &data, &fraction)); out("%.17g ", fraction);
    out("%d ", srand48_r(-12345, &data));
    for (int i = 0; i < 10; i++) {
        drand48_r(&data, &fraction); out("%.17g ", fraction);
        lrand48_r(&data, &number); out("%ld ", number);
        mrand48_r(&data, &number); out("%ld ", number);
        nrand48_r(three, &data, &number); out("%ld ", number);
        jrand48_r(three, &data, &number); out("%ld\n", number);
        if (i == 3) seed48_r(three, &data);
        if (i == 6) lcong48_r(seven, &data);
    }
    out("%d %d %d %d\n", data.old[0], data.old[1], data.old[2], data.term);
}

static void run(void)
{
    digits();
    states();
    real();
    wide();
    complex_numbers();
    long_doubles();
    quads();
}
