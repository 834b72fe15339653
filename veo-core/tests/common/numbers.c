// Kernels for numbers of other crates.
#include <complex.h>
#include <stdint.h>

struct wave {
    double _Complex at;
    uint16_t gain;
    float _Complex tail[2];
};

double rotate(double _Complex *x, int64_t n, const double _Complex *by) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
        x[i] = CMPLX(creal(x[i]) * creal(*by) - cimag(x[i]) * cimag(*by),
                     creal(x[i]) * cimag(*by) + cimag(x[i]) * creal(*by));
        sum += creal(x[i]) * creal(x[i]) + cimag(x[i]) * cimag(x[i]);
    }
    return sum;
}

void conjugate(float _Complex *x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) x[i] = conjf(x[i]);
}

double _Complex *farthest(double _Complex *x, int64_t n) {
    double _Complex *best = x;
    for (int64_t i = 1; i < n; ++i)
        if (cabs(x[i]) > cabs(*best)) best = x + i;
    return best;
}

void negate_halves(uint16_t *x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) x[i] ^= 0x8000;
}

// The exponent's lowest bit is the eighth.
void double_brains(uint16_t *x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) x[i] += 0x80;
}

void swing(struct wave *wave, int64_t times) {
    while (times-- > 0) {
        wave->at *= I;
        wave->gain ^= 0x8000;
        wave->tail[1] += wave->tail[0];
    }
}

void count_up(uint32_t *x) { ++*x; }

#ifdef __FLT16_MAX__
void scale_halves(_Float16 *x, int64_t n, float by) {
    for (int64_t i = 0; i < n; ++i) x[i] = (_Float16)((float)x[i] * by);
}
#endif
