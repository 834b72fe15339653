/* Floating point: float, double, long double, complex numbers. */
#include <complex.h>
#include <float.h>
#include <math.h>

#include "corpus.h"

static const double doubles[] = {
    0.0, -0.0, 1.0, -1.0, 0.5, 1.5, -2.5, 0.1, 3.141592653589793, 1e10, -1e10, 4294967295.0, 4294967296.5, 9007199254740993.0, 9.2e18, 1.8e19, 1e300, -1e-300,
    DBL_MIN, DBL_MAX, 5e-324, 2.2250738585072009e-308, INFINITY, -INFINITY, NAN,
};

TEST(arithmetic)
{
    for (size_t i = 0; i < COUNT(doubles); i++)
        for (size_t k = 0; k < COUNT(doubles); k += 3) {
            double a = IN(double, doubles[i]), b = IN(double, doubles[k]);
            OUT(a + b);
            OUT(a - b);
            OUT(a * b);
            OUT(a / b);
            OUT(-a);
        }
}

TEST(single_arithmetic)
{
    for (size_t i = 0; i < COUNT(doubles); i++)
        for (size_t k = 1; k < COUNT(doubles); k += 3) {
            float a = (float)IN(double, doubles[i]), b = (float)IN(double, doubles[k]);
            OUT(a + b);
            OUT(a - b);
            OUT(a * b);
            OUT(a / b);
            OUT(a * b + a);
            OUT((double)a * b);
        }
}

NOINLINE int compared(double a, double b)
{
    return (a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5 | !(a < b) << 6 | !(a >= b) << 7 |
           __builtin_isunordered(a, b) << 8 | __builtin_islessgreater(a, b) << 9 | __builtin_isless(a, b) << 10;
}

NOINLINE int compared_single(float a, float b)
{
    int result = 0;
    if (a < b)
        result |= 1;
    if (a > b)
        result |= 2;
    if (!(a <= b))
        result |= 4;
    if (!(a >= b))
        result |= 8;
    if (a == b)
        result |= 16;
    if (a != b)
        result |= 32;
    return a && b ? result | 64 : result;
}

TEST(comparisons)
{
    for (size_t i = 0; i < COUNT(doubles); i++)
        for (size_t k = 0; k < COUNT(doubles); k++) {
            OUT(compared(doubles[i], doubles[k]));
            if (k % 2)
                OUT(compared_single((float)doubles[i], (float)doubles[k]));
        }
}

/* Where the value has no integer of the type, C leaves the result open. */
TEST(to_integers)
{
    static const double values[] = {0, -0.0, 0.99999, -0.99999, 1.5, -1.5, 127.9, -128.9, 32767.5, 65535.9, 2147483647.5, -2147483648.9, 4294967295.9, 9007199254740993.0, -9.2e18};
    for (size_t i = 0; i < COUNT(values); i++) {
        double x = IN(double, values[i]);
        float f = (float)x;
        OUT((i64)x);
        if (fabs(x) < 2147483648)
            OUT((i64)(i32)x);
        if (x > -1)
            OUT((u64)x);
        if (x > -1 && x < 4294967296)
            OUT((u32)x);
        if (fabs(x) < 127)
            OUT((i64)(i8)f);
        if (x > -1 && x < 65535)
            OUT((u16)f);
        OUT((i64)f);
        OUT((_Bool)x);
    }
    OUT((u64)IN(double, 1.8e19));
    OUT((u64)IN(float, 1.8e19f));
    OUT((u64)IN(double, 9223372036854775808.0));
}

TEST(from_integers)
{
    /* None whose float depends on bits that a double does not have: LLVM's code for the VE goes through one. */
    static const u64 values[] = {0, 1, 255, 32768, 0x7fffffff, 0x80000000, 0xffffffff, 0x1000001, 0x20000000000001, 0x7fffffffffffffff, 0x8000000000000000,
                                 0x8000000000000401, 0xfffffffffffff400, 0xfffffffffffff401, 0xffffffffffffffff};
    for (size_t i = 0; i < COUNT(values); i++) {
        u64 x = IN(u64, values[i]);
        OUT((double)x);
        OUT((float)x);
        OUT((double)(i64)x);
        OUT((float)(i64)x);
        OUT((double)(u32)x);
        OUT((float)(u32)x);
        OUT((double)(i32)x);
        OUT((float)(i32)x);
        OUT((double)(i8)x + (float)(u16)x);
    }
}

TEST(precision)
{
    for (size_t i = 0; i < COUNT(doubles); i++) {
        double x = IN(double, doubles[i]);
        float f = (float)x;
        OUT(f);
        OUT((double)f);
        OUT((float)(x * 1.0000001));
        f += x;
        OUT(f);
        f *= 0.1;
        OUT(f);
    }
    float tenth = IN(float, 0.1f);
    OUT(tenth == 0.1);
    OUT(tenth * 10 == 1);
    OUT(tenth * 3.0f - 0.3f);
    OUT(1.0f / 3 * IN(float, 3));
}

NOINLINE float many_floats(float a, double b, float c, float d, double e, float f, float g, float h, float i, double j, float k, int l, float m)
{
    return a + 2 * (float)b + 3 * c + 4 * d + 5 * (float)e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * (float)j + 11 * k + 12 * (float)l + 13 * m;
}

TEST(arguments)
{
    OUT(many_floats(IN(float, 1), 2.5, 3.25f, -4, 5, 6, 7.125f, -8, IN(float, 9.5f), IN(double, 10.75), 11, -12, IN(float, 13.0625f)));
    float (*volatile pointer)(float, double, float, float, double, float, float, float, float, double, float, int, float) = many_floats;
    OUT(pointer(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1e20f));
}

static double polynomial(const double *c, int n, double x)
{
    double result = 0;
    while (n--)
        result = result * x + c[n];
    return result;
}

static double compensated(const double *x, int n)
{
    double sum = 0, lost = 0;
    for (int i = 0; i < n; i++) {
        double y = x[i] - lost, t = sum + y;
        lost = t - sum - y;
        sum = t;
    }
    return sum;
}

static double newton(double x)
{
    double guess = x > 1 ? x / 2 : 1;
    for (int i = 0; i < 60; i++) {
        double next = (guess + x / guess) / 2;
        if (next == guess)
            break;
        guess = next;
    }
    return guess;
}

TEST(numerics)
{
    static const double c[] = {1, -0.5, 1. / 3, -0.25, 0.2, -1. / 6};
    double series[200];
    for (int i = 0; i < 200; i++)
        series[i] = 1.0 / IN(double, i * i + 1);
    OUT(polynomial(c, 6, IN(double, 0.3)));
    OUT(compensated(series, 200));
    OUT(newton(IN(double, 2)));
    OUT(newton(IN(double, 1e-10)));
    double e = 1, factorial = 1;
    for (int n = 1; n < 25; n++)
        e += 1 / (factorial *= n);
    OUT(e);
    float slope = 0;
    for (float x = 0; x < 1; x += 0.01f)
        slope += x * x * 0.01f;
    OUT(slope);
}

TEST(exact_functions)
{
    for (size_t i = 0; i < COUNT(doubles); i++) {
        double x = IN(double, doubles[i]);
        OUT(sqrt(x < 0 ? -x : x));
        OUT(sqrtf((float)(x < 0 ? -x : x)));
        OUT(fabs(x));
        OUT(floor(x));
        OUT(ceil(x));
        OUT(trunc(x));
        OUT(rint(x));
        OUT(round(x));
        OUT(copysign(2.5, x));
        OUT(fmod(x, 0.75));
        OUT(fma(x, x, -1));
        OUT(floorf((float)x));
        OUT(fabsf((float)x) + copysignf(1, (float)x));
        OUT((!!isnan(x)) | (!!isinf(x)) << 1 | (!!signbit(x)) << 2 | (!!isfinite(x)) << 3 | (!!isnormal(x)) << 4);
    }
    OUT(fmax(IN(double, 1), IN(double, NAN)));
    OUT(fmin(IN(double, 3), IN(double, -2)));
    OUT(ldexp(IN(double, 0.75), 10));
    int exponent;
    OUT(frexp(IN(double, -1234.5), &exponent));
    OUT(exponent);
    double whole;
    OUT(modf(IN(double, -7.25), &whole));
    OUT(whole);
    OUT(lrint(IN(double, 2.5)) + lround(IN(double, 2.5)) * 10);
}

/* Rounding errors that a fused operation would not have. */
TEST(not_fused)
{
    double a = IN(double, 1 + 0x1p-30), b = IN(double, 1 - 0x1p-30);
    OUT(a * b - 1);
    OUT(a * a - (1 + 0x1p-29));
    float c = IN(float, 1 + 0x1p-13f);
    OUT(c * c - (1 + 0x1p-12f));
}

TEST(bits_of_floats)
{
    union {
        double value;
        u64 bits;
    } it = {IN(double, 1)};
    for (int i = 0; i < 5; i++) {
        it.bits += 1ull << 50;
        OUT(it.value);
    }
    it.bits ^= 1ull << 63;
    OUT(it.value);
    float f = IN(float, 16);
    u32 bits;
    memcpy(&bits, &f, 4);
    bits = 0x5f3759df - (bits >> 1);
    memcpy(&f, &bits, 4);
    OUT(f * (1.5f - 8 * f * f));
}

TEST(quad_arithmetic)
{
    static const long double values[] = {0.0L, 1.0L, -1.5L, 0.1L, 1e4000L, 3.3e-4900L, 12345678901234567890.0L, -1.0L / 3, INFINITY, NAN};
    for (size_t i = 0; i < COUNT(values); i++)
        for (size_t k = 0; k < COUNT(values); k += 2) {
            long double a = IN(long double, values[i]), b = IN(long double, values[k + (i & 1)]);
            OUT(a + b);
            OUT(a - b);
            OUT(a * b);
            OUT(a / b);
            OUT((a < b) | (a <= b) << 1 | (a == b) << 2 | (a != b) << 3 | (a > b) << 4 | (a >= b) << 5);
            OUT(-a);
        }
}

TEST(quad_conversions)
{
    /* None with more bits than a double has: LLVM's code for the VE goes through one. */
    static const u64 values[] = {0, 1, 0xffffffff, 0x8000000000000000, 0xfffffffffffff800, 0x1fffffffffffff};
    for (size_t i = 0; i < COUNT(values); i++) {
        u64 x = IN(u64, values[i]);
        OUT((long double)x);
        OUT((long double)(i64)x);
        OUT((long double)(i32)x);
        OUT((long double)(u32)x);
        OUT((u64)(long double)x);
        OUT((i64)((long double)(i32)x / 3));
    }
    for (size_t i = 0; i < COUNT(doubles); i++) {
        OUT((long double)IN(double, doubles[i]));
        OUT((long double)(float)IN(double, doubles[i]));
        OUT((double)((long double)IN(double, doubles[i]) / 3));
        OUT((float)((long double)IN(double, doubles[i]) / 3));
    }
    OUT((int)IN(long double, -7.9L));
    OUT((unsigned)IN(long double, 4e9L));
    OUT((_Bool)IN(long double, 1e-4000L));
    OUT(sizeof(long double) + LDBL_MANT_DIG * 100);
}

NOINLINE long double quads(long double a, int b, long double c, double d, long double e, float f, long double g, long double h)
{
    return a + b - c * d / e + f * g - h;
}

NOINLINE long double other_quad(int a, long double b) { return a ? b * other_quad(a - 1, b + 1) : b; }

TEST(quad_arguments)
{
    OUT(quads(IN(long double, 1), 2, 3, 4, IN(long double, 5), 6, 7, IN(long double, 8)));
    OUT(other_quad(IN(int, 20), IN(long double, 0.125L)));
    struct {
        char c;
        long double q;
    } it[2] = {{1, 2}, {3, IN(long double, 4.5L)}};
    it[0].q += it[1].q;
    OUT(it[0].q);
    OUT(sizeof it);
}

static void out_complex(double complex z)
{
    OUT(creal(z));
    OUT(cimag(z));
}

NOINLINE double complex turn(double complex z, int n, float complex w) { return n ? z * turn(z, n - 1, w) : (double complex)w; }

TEST(complex_numbers)
{
    double complex a = IN(double complex, 1.5 - 2.25 * I), b = IN(double complex, -0.5 + 4 * I);
    out_complex(a + b);
    out_complex(a - b * 2);
    out_complex(a * b);
    out_complex(a / b);
    out_complex(-a);
    out_complex(~a);
    out_complex(a + 3);
    OUT((a == b) + 2 * (a != b) + 4 * (a == 1.5 - 2.25 * I));
    out_complex(turn(a, 5, IN(float complex, 0.5f + 1 * I)));
    __real__ a = 7;
    __imag__ a += 0.5;
    out_complex(a);
    out_complex((double complex)IN(float complex, 0.1f - 0.2f * I));
    OUT((_Bool)IN(double complex, 1e-300 * I));
    OUT((int)IN(double complex, 9.75 + 3 * I));
}

TEST(single_complex)
{
    float complex z = 0, c = IN(float complex, -0.4f + 0.6f * I);
    for (int i = 0; i < 30; i++) {
        z = z * z + c;
        OUT(crealf(z));
        OUT(cimagf(z));
    }
    z /= IN(float complex, 2 - 3 * I);
    OUT(crealf(z));
    OUT(cimagf(z));
}

struct with_complex {
    float complex a;
    char b;
    double complex c[2];
};

NOINLINE struct with_complex exchange(struct with_complex argument)
{
    struct with_complex it = argument;
    double complex c = it.c[0];
    it.c[0] = it.c[1] * it.a;
    it.c[1] = c;
    it.a = (float complex)conj(c);
    return it;
}

TEST(complex_members)
{
    struct with_complex it = {1 + 2 * I, 'x', {3 - 4 * I, IN(double complex, -5 + 6 * I)}};
    it = exchange(exchange(it));
    out_complex((double complex)it.a);
    out_complex(it.c[0]);
    out_complex(it.c[1]);
    OUT(it.b);
}

/* Products and quotients with infinite parts, as annex G wants them. */
TEST(complex_edges)
{
    double complex a = IN(double complex, CMPLX(INFINITY, 1)), b = IN(double complex, 2 - I);
    out_complex(a * b);
    out_complex(b / a);
    out_complex(a / b);
    out_complex(b / IN(double complex, 0));
}

/* Butterflies over 64 points, there and back. */
static void transform(double complex *x, int n, double complex root)
{
    for (int i = 1, k = 0; i < n; i++) {
        int bit = n >> 1;
        for (; k & bit; bit >>= 1)
            k ^= bit;
        k ^= bit;
        if (i < k) {
            double complex t = x[i];
            x[i] = x[k];
            x[k] = t;
        }
    }
    for (int length = 2; length <= n; length *= 2) {
        double complex w = root;
        for (int l = length; l < n; l *= 2)
            w *= w;
        for (int i = 0; i < n; i += length) {
            double complex power = 1;
            for (int k = 0; k < length / 2; k++) {
                double complex even = x[i + k], odd = x[i + k + length / 2] * power;
                x[i + k] = even + odd;
                x[i + k + length / 2] = even - odd;
                power *= w;
            }
        }
    }
}

TEST(fourier)
{
    double complex x[64], root = 0.99518472667219693 + 0.098017140329560604 * I;
    for (int i = 0; i < 64; i++)
        x[i] = IN(double, i % 7) + (i * i % 5) * I;
    transform(x, 64, root);
    out_complex(x[0]);
    out_complex(x[13]);
    out_bytes(x, sizeof x);
    transform(x, 64, ~root);
    out_complex(x[5] / 64);
}

TEST(matrices)
{
    double a[6][6], inverse[6][6];
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 6; k++) {
            a[i][k] = 1.0 / IN(double, i + k + 1);
            inverse[i][k] = i == k;
        }
    for (int column = 0; column < 6; column++) {
        int pivot = column;
        for (int i = column; i < 6; i++)
            if (fabs(a[i][column]) > fabs(a[pivot][column]))
                pivot = i;
        for (int k = 0; k < 6; k++) {
            double t = a[column][k];
            a[column][k] = a[pivot][k];
            a[pivot][k] = t;
            t = inverse[column][k];
            inverse[column][k] = inverse[pivot][k];
            inverse[pivot][k] = t;
        }
        double scale = a[column][column];
        for (int k = 0; k < 6; k++) {
            a[column][k] /= scale;
            inverse[column][k] /= scale;
        }
        for (int i = 0; i < 6; i++) {
            double factor = i == column ? 0 : a[i][column];
            for (int k = 0; k < 6; k++) {
                a[i][k] -= factor * a[column][k];
                inverse[i][k] -= factor * inverse[column][k];
            }
        }
    }
    OUT(inverse[0][0]);
    OUT(inverse[5][4]);
    out_bytes(inverse, sizeof inverse);
}

TEST(chaos)
{
    double x = IN(double, 0.3), y = 1, z = 1;
    for (int i = 0; i < 2000; i++) {
        double dx = 10 * (y - x), dy = x * (28 - z) - y, dz = x * y - 8 * z / 3;
        x += dx * 0.01;
        y += dy * 0.01;
        z += dz * 0.01;
    }
    OUT(x);
    OUT(y);
    OUT(z);
}

TEST(mandelbrot)
{
    u64 hash = 0;
    for (int row = 0; row < 16; row++)
        for (int column = 0; column < 32; column++) {
            double a = 0, b = 0, x = column / 12.0 - 2, y = row / 8.0 - 1;
            int n = 0;
            for (; n < 50 && a * a + b * b < 4; n++) {
                double t = a * a - b * b + x;
                b = 2 * a * b + y;
                a = t;
            }
            hash = hash * 31 + (u64)n;
        }
    OUT(hash);
}

int main(void)
{
    RUN(arithmetic);
    RUN(single_arithmetic);
    RUN(comparisons);
    RUN(to_integers);
    RUN(from_integers);
    RUN(precision);
    RUN(arguments);
    RUN(numerics);
    RUN(exact_functions);
    RUN(not_fused);
    RUN(bits_of_floats);
    RUN(quad_arithmetic);
    RUN(quad_conversions);
    RUN(quad_arguments);
    RUN(complex_numbers);
    RUN(single_complex);
    RUN(complex_members);
    RUN(complex_edges);
    RUN(fourier);
    RUN(matrices);
    RUN(chaos);
    RUN(mandelbrot);
    return 0;
}
