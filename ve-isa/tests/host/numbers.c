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

static void run(void)
{
    real();
    wide();
    complex_numbers();
    long_doubles();
    quads();
}
