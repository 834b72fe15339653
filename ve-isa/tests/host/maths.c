#include "libc.h"

#ifdef __ve__
typedef long double quad;
#define QUAD_COMPLEX _Complex long double
#define Q(g) g##l
enum { INEXACT = 1, INVALID = 2, UNDERFLOW = 8, OVERFLOW = 16, DIVISION = 32, DOWN = 0x2000, UP = 0x1000, ZERO = 0, NEAREST = 0x3000 };
typedef unsigned short fenv_t;
#else
typedef _Float128 quad;
#define QUAD_COMPLEX _Complex _Float128
#define Q(g) g##f128
#include <fenv.h>
enum { INEXACT = FE_INEXACT, INVALID = FE_INVALID, UNDERFLOW = FE_UNDERFLOW, OVERFLOW = FE_OVERFLOW, DIVISION = FE_DIVBYZERO, DOWN = FE_DOWNWARD, UP = FE_UPWARD, ZERO = FE_TOWARDZERO, NEAREST = FE_TONEAREST };
#endif
#ifdef __ve__
int feclearexcept(int), feraiseexcept(int), fetestexcept(int), fegetround(void), fesetround(int), fegetenv(fenv_t *), feholdexcept(fenv_t *), fesetenv(const fenv_t *), feupdateenv(const fenv_t *);
int fegetexceptflag(unsigned short *, int), fesetexceptflag(const unsigned short *, int), fegetexcept(void);
typedef unsigned short fexcept_t;
#endif

#define ONE(F) F(acos) F(acosh) F(asin) F(asinh) F(atan) F(atanh) F(cbrt) F(cos) F(cosh) F(erf) F(erfc) F(exp) F(exp2) F(expm1) F(log) F(log10) F(log1p) F(log2) F(logb) \
    F(sin) F(sinh) F(sqrt) F(tan) F(tanh) F(tgamma) F(lgamma) F(rint) F(nearbyint) F(floor) F(round)
#define TWO(F) F(atan2) F(fdim) F(hypot) F(nextafter) F(pow) F(fmod) F(copysign)
#define DECLARE1(g) quad Q(g)(quad);
#define DECLARE2(g) quad Q(g)(quad, quad);
ONE(DECLARE1)
TWO(DECLARE2)
quad Q(modf)(quad, quad *), Q(remquo)(quad, quad, int *), Q(scalbln)(quad, long);
int Q(ilogb)(quad);
long Q(lrint)(quad), Q(lround)(quad);
void Q(sincos)(quad, quad *, quad *);

static void show(quad x)
{
    unsigned long words[2];
    memcpy(words, &x, 16);
    if (x != x) out(" nan"); else out(" %lx_%lx", words[1], words[0]);
}

static void long_doubles(void)
{
    for (int i = 0; i < 40; i++) {
        quad x = i < 8 ? (quad)(i - 4) / 2 : (quad)((long)random_below(2000001) - 1000000) / (i % 3 ? 100003 : 1009), y = (quad)((long)random_below(2001) - 1000) / 97, part;
        if (i == 8) x = __builtin_inf();
        if (i == 9) x = -__builtin_inf();
        if (i == 10) x = __builtin_nan("");
        if (i == 11) x = -0.0;
        int n = 0;
        out("%d:", i);
#define CALL1(g) errno = 0; out(" " #g); show(Q(g)(x)); out("/%d", errno);
#define CALL2(g) out(" " #g); show(Q(g)(x, y));
        ONE(CALL1)
        TWO(CALL2)
        show(Q(modf)(x, &part));
        show(part);
        show(Q(remquo)(x, y, &n));
        if (x - x == 0 && y != 0) out("/%d", n & 7);
        out(" %d", Q(ilogb)(x));
        if (x - x == 0) out(" %ld %ld", Q(lrint)(x), Q(lround)(x));
        quad s, c;
        Q(sincos)(x, &s, &c);
        show(s);
        show(c);
        show(Q(scalbln)(x, i - 20));
        out("\n");
    }
}

#define COMPLEX(F) F(cacos) F(cacosh) F(casin) F(casinh) F(catan) F(catanh) F(ccos) F(ccosh) F(cexp) F(clog) F(cproj) F(csin) F(csinh) F(csqrt) F(ctan) F(ctanh) F(conj)
#define DECLARE3(g) double _Complex g(double _Complex); float _Complex g##f(float _Complex);
COMPLEX(DECLARE3)
double _Complex cpow(double _Complex, double _Complex);
float _Complex cpowf(float _Complex, float _Complex);
double cabs(double _Complex), carg(double _Complex), cimag(double _Complex);
float cabsf(float _Complex), cargf(float _Complex), crealf(float _Complex);
static unsigned long bits(double x) { unsigned long n; memcpy(&n, &x, 8); return x != x ? 1 : n; }
static void pair(double re, double im) { out(" %lx,%lx", bits(re), bits(im)); }

static void complex_numbers(void)
{
    for (int i = 0; i < 60; i++) {
        double parts[4];
        for (int k = 0; k < 4; k++) parts[k] = i < 36 ? (double[]){ 0.0, -0.0, 1, -2.5, __builtin_inf(), __builtin_nan("") }[k == 0 ? i % 6 : k == 1 ? i / 6 : (i + k) % 4] : ((long)random_below(20001) - 10000) / 1003.0;
        double _Complex z = __builtin_complex(parts[0], parts[1]), w = __builtin_complex(parts[2], parts[3]);
        float _Complex zf = __builtin_complex((float)parts[0], (float)parts[1]), wf = __builtin_complex((float)parts[2], (float)parts[3]);
        out("%d:", i);
#define CALL3(g) { double _Complex r = g(z); out(" " #g); pair(__real__ r, __imag__ r); float _Complex f = g##f(zf); pair(__real__ f, __imag__ f); }
        COMPLEX(CALL3)
        double _Complex p = cpow(z, w);
        pair(__real__ p, __imag__ p);
        float _Complex pf = cpowf(zf, wf);
        pair(__real__ pf, __imag__ pf);
        pair(cabs(z), carg(z));
        pair(cabsf(zf), cargf(zf));
        pair(cimag(z), crealf(zf));
        out("\n");
    }
}

/* The exceptions by letters, since their numbers differ. */
static void flags(int which)
{
    out(" %s%s%s%s%s.", which & INEXACT ? "i" : "", which & INVALID ? "v" : "", which & UNDERFLOW ? "u" : "", which & OVERFLOW ? "o" : "", which & DIVISION ? "d" : "");
}

double rint(double), nearbyint(double);
float rintf(float);
long lrint(double), llrintf(float);
static volatile double one = 1, three = 3, zero, huge = 1e308, half = 2.5;
static void environment(void)
{
    const int all = INEXACT | INVALID | UNDERFLOW | OVERFLOW | DIVISION;
    static const int directions[] = { NEAREST, UP, DOWN, ZERO };
    for (int i = 0; i < 4; i++) {
        out("%d", fesetround(directions[i]));
        out(" %d", fegetround() == directions[i]);
        out(" %lx %lx", bits(one / three), bits(-one / three));
        out(" %lx %lx %lx %lx", bits(rint(half)), bits(nearbyint(-half)), bits(rintf((float)half)), bits(rint(3.5)));
        out(" %ld %ld\n", lrint(-half), llrintf((float)half + 1));
    }
    out("%d", fesetround(12345));
    fesetround(NEAREST);
    feclearexcept(all);
    flags(fetestexcept(all));
    volatile double r = one / three;
    flags(fetestexcept(all));
    feclearexcept(all);
    r = one / zero;
    flags(fetestexcept(all));
    r = huge * huge;
    flags(fetestexcept(all));
    r = zero / zero;
    flags(fetestexcept(all));
    feclearexcept(INEXACT | OVERFLOW);
    flags(fetestexcept(all));
    fexcept_t kept;
    fegetexceptflag(&kept, INVALID | OVERFLOW);
    feclearexcept(all);
    feraiseexcept(OVERFLOW | INEXACT);
    flags(fetestexcept(all));
    fesetexceptflag(&kept, INVALID | OVERFLOW);
    flags(fetestexcept(all));
    fenv_t before;
    out(" %d", feholdexcept(&before));
    flags(fetestexcept(all));
    feraiseexcept(DIVISION);
    fesetround(UP);
    out(" %d", feupdateenv(&before));
    flags(fetestexcept(all));
    out(" %d", fegetround() == NEAREST);
    fegetenv(&before);
    feclearexcept(all);
    fesetenv(&before);
    flags(fetestexcept(all));
    fesetenv((const fenv_t *)-1);
    flags(fetestexcept(all));
    out("\n");
}

#ifndef __ve__
#define WORDS(F) F(long, di) F(int, si)
#define UWORDS(F) F(unsigned long, di) F(unsigned, si)
static long __ashldi3(long a, int n) { return (long)((unsigned long)a << n); }
static long __ashrdi3(long a, int n) { return a >> n; }
static unsigned long __lshrdi3(unsigned long a, int n) { return a >> n; }
static long __muldi3(long a, long b) { return (long)((unsigned long)a * (unsigned long)b); }
#define DIVIDE(t, s) static t __div##s##3(t a, t b) { return a / b; } static t __mod##s##3(t a, t b) { return a % b; } static t __divmod##s##4(t a, t b, t *r) { *r = a % b; return a / b; }
WORDS(DIVIDE)
#define UDIVIDE(t, s) static t __udiv##s##3(t a, t b) { return a / b; } static t __umod##s##3(t a, t b) { return a % b; } static t __udivmod##s##4(t a, t b, t *r) { *r = a % b; return a / b; }
UWORDS(UDIVIDE)
#define ARITHMETIC(t, s) static t __add##s##3(t a, t b) { return a + b; } static t __sub##s##3(t a, t b) { return a - b; } static t __mul##s##3(t a, t b) { return a * b; } static t __div##s##3(t a, t b) { return a / b; } \
    static int __lt##s##2(t a, t b) { return a < b ? -1 : 1; } static int __ge##s##2(t a, t b) { return a >= b ? 1 : -1; } static int __eq##s##2(t a, t b) { return a != b; } static int __unord##s##2(t a, t b) { return a != a || b != b; }
ARITHMETIC(double, df)
ARITHMETIC(float, sf)
static double __extendsfdf2(float a) { return a; }
static float __truncdfsf2(double a) { return (float)a; }
static int __fixdfsi(double a) { return (int)a; }
static double __floatunsidf(unsigned a) { return a; }
#else
long __ashldi3(long, int), __ashrdi3(long, int), __muldi3(long, long), __divdi3(long, long), __moddi3(long, long), __divmoddi4(long, long, long *);
unsigned long __lshrdi3(unsigned long, int), __udivdi3(unsigned long, unsigned long), __umoddi3(unsigned long, unsigned long), __udivmoddi4(unsigned long, unsigned long, unsigned long *);
int __divsi3(int, int), __modsi3(int, int), __divmodsi4(int, int, int *);
unsigned __udivsi3(unsigned, unsigned), __umodsi3(unsigned, unsigned), __udivmodsi4(unsigned, unsigned, unsigned *);
double __adddf3(double, double), __subdf3(double, double), __muldf3(double, double), __divdf3(double, double), __extendsfdf2(float), __floatunsidf(unsigned);
float __addsf3(float, float), __subsf3(float, float), __mulsf3(float, float), __divsf3(float, float), __truncdfsf2(double);
int __ltdf2(double, double), __gedf2(double, double), __eqdf2(double, double), __unorddf2(double, double), __ltsf2(float, float), __gesf2(float, float), __eqsf2(float, float), __unordsf2(float, float), __fixdfsi(double);
#endif
int __clzdi2(long), __ctzdi2(long), __ffsdi2(long), __clrsbdi2(long), __paritydi2(long), __popcountdi2(long);
long __bswapdi2(long), __negvdi2(long), __absvdi2(long), __addvdi3(long, long), __subvdi3(long, long), __mulvdi3(long, long);
int __bswapsi2(int);
__int128 __divmodti4(__int128, __int128, __int128 *);
unsigned __int128 __udivmodti4(unsigned __int128, unsigned __int128, unsigned __int128 *);
quad __powitf2(quad, int);
static int sign(int n) { return (n > 0) - (n < 0); }

static void builtins(void)
{
    for (int i = 0; i < 60; i++) {
        long a = (long)(random_below(~0ul) >> random_below(60)), b = (long)(random_below(~0ul) >> (1 + random_below(60))) + 1, r;
        if (i % 2) a = -a;
        int ai = (int)a, bi = (int)b | 1, ri, n = i;
        unsigned long ur;
        unsigned uri;
        out("%d: %ld %ld %lu %ld", i, __ashldi3(a, n), __ashrdi3(a, n), __lshrdi3((unsigned long)a, n), __muldi3(a, b));
        out(" %ld %ld %lu %lu", __divdi3(a, b), __moddi3(a, b), __udivdi3((unsigned long)a, (unsigned long)b), __umoddi3((unsigned long)a, (unsigned long)b));
        out(" %d %d %u %u", __divsi3(ai, bi), __modsi3(ai, bi), __udivsi3((unsigned)ai, (unsigned)bi), __umodsi3((unsigned)ai, (unsigned)bi));
        out(" %ld", __divmoddi4(a, b, &r)); out(" %ld", r);
        out(" %lu", __udivmoddi4((unsigned long)a, (unsigned long)b, &ur)); out(" %lu", ur);
        out(" %d", __divmodsi4(ai, bi, &ri)); out(" %d", ri);
        out(" %u", __udivmodsi4((unsigned)ai, (unsigned)bi, &uri)); out(" %u", uri);
        if (a) out(" %d %d", __clzdi2(a), __ctzdi2(a));
        out(" %d %d %d %d", __ffsdi2(a), __clrsbdi2(a), __paritydi2(a), __popcountdi2(a));
        out(" %lx %x %ld %ld", __bswapdi2(a), __bswapsi2(ai), __negvdi2(a), __absvdi2(a));
        out(" %ld %ld %ld", __addvdi3(a / 2, b / 2), __subvdi3(a / 2, b / 2), __mulvdi3(ai, bi));
        __int128 wide = (__int128)a * b + i, rest;
        unsigned __int128 urest;
        __int128 quotient = __divmodti4(wide, a | 1, &rest);
        out(" %lx %lx %lx", (long)(quotient >> 64), (long)quotient, (long)rest);
        unsigned __int128 uquotient = __udivmodti4((unsigned __int128)wide, (unsigned __int128)b, &urest);
        out(" %lx %lx %lx", (long)(uquotient >> 64), (long)uquotient, (long)urest);
        double x = (double)a / 3, y = (double)b / 7;
        float xf = (float)x, yf = (float)y;
        out(" %lx %lx %lx %lx", bits(__adddf3(x, y)), bits(__subdf3(x, y)), bits(__muldf3(x, y)), bits(__divdf3(x, y)));
        out(" %lx %lx %lx %lx", bits(__addsf3(xf, yf)), bits(__subsf3(xf, yf)), bits(__mulsf3(xf, yf)), bits(__divsf3(xf, yf)));
        double nan = i % 5 ? y : __builtin_nan("");
        out(" %d %d %d %d", __ltdf2(x, nan) < 0, __gedf2(x, nan) >= 0, __eqdf2(x, nan) == 0, __unorddf2(x, nan) != 0);
        out(" %d %d %d %d", __ltsf2(xf, (float)nan) < 0, __gesf2(xf, (float)nan) >= 0, __eqsf2(xf, xf) == 0, __unordsf2(xf, (float)nan) != 0);
        out(" %lx %lx %d %lx", bits(__extendsfdf2(xf)), bits(__truncdfsf2(x)), __fixdfsi((double)ai / 3), bits(__floatunsidf((unsigned)ai)));
        show(__powitf2((quad)bi / 1000, i % 9 - 4));
        out("\n");
    }
}

int __parityti2(__int128), __ffsti2(__int128), __clrsbti2(__int128);
__int128 __absvti2(__int128), __negvti2(__int128);
quad Q(cabs)(QUAD_COMPLEX), Q(carg)(QUAD_COMPLEX);
static void wide_complex(void)
{
    static const double parts[] = { 0.0, -0.0, 1, -2.5, __builtin_inf(), -__builtin_inf(), __builtin_nan(""), 1e300 };
    for (int i = 0; i < 400; i++) {
        quad n[4];
        for (int k = 0; k < 4; k++) n[k] = i < 200 ? (quad)parts[random_below(8)] : (quad)((long)random_below(20001) - 10000) / 1003 * (i % 3 ? 1 : parts[7]);
        QUAD_COMPLEX z, w;
        __real__ z = n[0], __imag__ z = n[1], __real__ w = n[2], __imag__ w = n[3];
        QUAD_COMPLEX p = z * w, q = z / w, c = ~z;
        show(__real__ p); show(__imag__ p); show(__real__ c); show(__imag__ c);
        show(Q(cabs)(z)); show(Q(carg)(z));
        /* Libraries divide in different ways, which agree but for the last bits and the signs of zeros. */
        if (i >= 200) out(" %.14g %.14g", (double)__real__ q, (double)__imag__ q);
        __int128 wide = (__int128)(random_below(~0ul) >> random_below(60)) * (long)random_below(~0ul) - i;
        __int128 a = __absvti2(wide), b = __negvti2(wide);
        out(" %d %d %d %lx %lx %lx\n", __parityti2(wide), __ffsti2(wide), __clrsbti2(wide), (long)(a >> 64), (long)a, (long)(b >> 64));
    }
}

static void run(void)
{
    wide_complex();
    long_doubles();
    complex_numbers();
    environment();
    builtins();
}
