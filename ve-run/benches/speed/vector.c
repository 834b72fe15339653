// The same three loops twice: with intrinsics for the Vector Engine, and as a compiler for the host may vectorise them.
// Each does the same a number of times, on arrays that stay in the first caches, and returns the bits of a sum.

typedef unsigned long u64;

#define EXPORT __attribute__((visibility("default")))
// The compiler must take memory for changed, and do each round.
#define EACH_ROUND __asm__ volatile("" ::: "memory")

enum { N = 4096, M = 512, BLOCK = 256, COLUMNS = 4 };
static double x[N], y[N];
static double a[M * M], b[M * M], c[M * M];

#ifdef __ve__
#include <velintrin.h>

static double dot(void)
{
    __vr sum = _vel_vbrdd_vsl(0.0, BLOCK);
    for (int i = 0; i < N; i += BLOCK) {
        __vr u = _vel_vld_vssl(8, x + i, BLOCK), v = _vel_vld_vssl(8, y + i, BLOCK);
        sum = _vel_vfmadd_vvvvl(sum, u, v, BLOCK);
    }
    return _vel_lvsd_svs(_vel_vfsumd_vvl(sum, BLOCK), 0);
}

static void axpy(double f)
{
    for (int i = 0; i < N; i += BLOCK) {
        __vr u = _vel_vld_vssl(8, x + i, BLOCK), v = _vel_vld_vssl(8, y + i, BLOCK);
        _vel_vst_vssl(_vel_vfmadd_vvsvl(v, f, u, BLOCK), 8, y + i, BLOCK);
    }
}

// A block of rows of four columns stays in registers.
static void gemm(void)
{
    for (int i = 0; i < M; i += BLOCK)
        for (int j = 0; j < M; j += COLUMNS) {
            double *c0 = c + j * M + i, *c1 = c0 + M, *c2 = c1 + M, *c3 = c2 + M;
            const double *b0 = b + j * M, *b1 = b0 + M, *b2 = b1 + M, *b3 = b2 + M;
            __vr s0 = _vel_vbrdd_vsl(0.0, BLOCK), s1 = s0, s2 = s0, s3 = s0;
            for (int k = 0; k < M; k++) {
                __vr column = _vel_vld_vssl(8, a + k * M + i, BLOCK);
                s0 = _vel_vfmadd_vvsvl(s0, b0[k], column, BLOCK);
                s1 = _vel_vfmadd_vvsvl(s1, b1[k], column, BLOCK);
                s2 = _vel_vfmadd_vvsvl(s2, b2[k], column, BLOCK);
                s3 = _vel_vfmadd_vvsvl(s3, b3[k], column, BLOCK);
            }
            _vel_vst_vssl(s0, 8, c0, BLOCK);
            _vel_vst_vssl(s1, 8, c1, BLOCK);
            _vel_vst_vssl(s2, 8, c2, BLOCK);
            _vel_vst_vssl(s3, 8, c3, BLOCK);
        }
}
#else
static double dot(void)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += x[i] * y[i];
    return sum;
}

static void axpy(double f)
{
    for (int i = 0; i < N; i++)
        y[i] += f * x[i];
}

static void gemm(void)
{
    for (int i = 0; i < M; i += BLOCK)
        for (int j = 0; j < M; j += COLUMNS) {
            double *c0 = c + j * M + i, *c1 = c0 + M, *c2 = c1 + M, *c3 = c2 + M;
            const double *b0 = b + j * M, *b1 = b0 + M, *b2 = b1 + M, *b3 = b2 + M;
            for (int r = 0; r < BLOCK; r++)
                c0[r] = c1[r] = c2[r] = c3[r] = 0;
            for (int k = 0; k < M; k++) {
                const double *column = a + k * M + i;
                for (int r = 0; r < BLOCK; r++) {
                    c0[r] += b0[k] * column[r];
                    c1[r] += b1[k] * column[r];
                    c2[r] += b2[k] * column[r];
                    c3[r] += b3[k] * column[r];
                }
            }
        }
}
#endif

static u64 bits(double value)
{
    u64 word;
    __builtin_memcpy(&word, &value, sizeof word);
    return word;
}

// Small whole numbers, so that sums are the same in any order. Filled once: that is no part of what is timed.
static void fill(void)
{
    static int filled;
    if (filled)
        return;
    filled = 1;
    for (int i = 0; i < N; i++) {
        x[i] = i % 17 - 8;
        y[i] = i % 13 - 6;
    }
    for (int i = 0; i < M * M; i++) {
        a[i] = i % 7 - 3;
        b[i] = i % 5 - 2;
    }
}

EXPORT u64 ddot(u64 rounds)
{
    double sum = 0;
    fill();
    while (rounds--) {
        EACH_ROUND;
        sum += dot();
    }
    return bits(sum);
}

// After an even number of rounds y is as before.
EXPORT u64 daxpy(u64 rounds)
{
    double factor = 1;
    fill();
    while (rounds--) {
        EACH_ROUND;
        axpy(factor);
        factor = -factor;
    }
    return bits(y[5] + y[N - 3]);
}

EXPORT u64 dgemm(u64 rounds)
{
    fill();
    while (rounds--) {
        EACH_ROUND;
        gemm();
    }
    return bits(c[7] + c[M * M - 2]);
}
