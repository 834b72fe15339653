// As `memory.c`, with vector instructions.
#include <stdlib.h>
#include <velintrin.h>

#define KEEP __attribute__((noinline))

KEEP static void *hide(void *address) {
    __asm__ volatile("" : "+r"(address) : : "memory");
    return address;
}

KEEP static double *numbers(long count) {
    double *x = malloc(count * sizeof(double));
    for (long i = 0; i < count; i++)
        x[i] = i;
    return x;
}

long wrong_vld(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 101); //! read of, (8 bytes), element 100 of the vector, just past the 800 bytes at
    _vel_vst_vssl(v, 8, x, 100);
    free(x);
    return 0;
}

long wrong_vst(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 100);
    _vel_vst_vssl(v, 8, x + 1, 100); //! write to, element 99 of the vector, just past the 800 bytes at
    free(x);
    return 0;
}

long wrong_stride(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(24, x, 35); //! read of, element 34 of the vector, 16 bytes past the 800 bytes at
    _vel_vst_vssl(v, 8, x, 35);
    free(x);
    return 0;
}

long wrong_negative_stride(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(-8, x + 99, 101); //! read of, element 100 of the vector, 8 bytes before the 800 bytes at
    _vel_vst_vssl(v, 8, x, 100);
    free(x);
    return 0;
}

long wrong_stride_of_store(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 50);
    _vel_vst_vssl(v, 16, x + 1, 51); //! write to, element 50 of the vector, 8 bytes past the 800 bytes at
    free(x);
    return 0;
}

long wrong_vldu(void) {
    float *x = calloc(64, sizeof(float));
    __vr v = _vel_vldu_vssl(4, x, 65); //! read of, (4 bytes), element 64 of the vector, just past the 256 bytes at
    _vel_vstu_vssl(v, 4, x, 64);
    free(x);
    return 0;
}

long wrong_vstl(void) {
    int *x = calloc(64, sizeof(int));
    __vr v = _vel_vldlsx_vssl(4, x, 64);
    _vel_vstl_vssl(v, 4, x + 60, 5); //! write to, (4 bytes), element 4 of the vector, just past the 256 bytes at
    free(x);
    return 0;
}

long wrong_gather_index(void) {
    double *x = numbers(100);
    __vr place = _vel_vsfa_vvssl(_vel_vseq_vl(100), 3, (long)x, 100);
    place = _vel_lsv_vvss(place, 37, (long)(x + 100));
    __vr v = _vel_vgt_vvssl(place, 0, 0, 100); //! read of, element 37 of the vector, just past the 800 bytes at
    _vel_vst_vssl(v, 8, x, 100);
    free(x);
    return 0;
}

long wrong_scatter_index(void) {
    double *x = numbers(100);
    __vr place = _vel_vsfa_vvssl(_vel_vseq_vl(100), 3, (long)x, 100);
    place = _vel_lsv_vvss(place, 3, (long)(x - 1));
    __vr v = _vel_vld_vssl(8, x, 100);
    _vel_vsc_vvssl(v, place, 0, 0, 100); //! write to, element 3 of the vector, 8 bytes before the 800 bytes at
    free(x);
    return 0;
}

long wrong_freed(void) {
    double *x = numbers(100);
    double *y = hide(x);
    free(x);
    __vr v = _vel_vld_vssl(8, y, 10); //! read of, element 0 of the vector, 0 bytes into the 800 bytes at, which were freed at
    return _vel_lvsl_svs(v, 0) != 0;
}

long wrong_vld2d(void) {
    double *x = numbers(100);
    // Rows of 16 elements, side by side; then one element apart.
    __vr v = _vel_vld2d_vssl(128ul << 16 | 8, x, 96);
    v = _vel_vld2d_vssl(136ul << 16 | 8, x, 96); //! read of, element 95 of the vector, just past the 800 bytes at
    _vel_vst_vssl(v, 8, x, 96);
    free(x);
    return 0;
}

long wrong_masked_store(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 100);
    __vm256 mask = _vel_vfmklgt_mvl(_vel_vaddsl_vsvl(-98, _vel_vseq_vl(102), 102), 102);
    _vel_vst_vssml(v, 8, x, mask, 102); //! write to, element 100 of the vector, just past the 800 bytes at
    free(x);
    return 0;
}

long right_whole(void) {
    double *x = numbers(256), *y = malloc(256 * sizeof(double));
    __vr v = _vel_vld_vssl(8, x, 256);
    _vel_vst_vssl(v, 8, y, 256);
    long equal = y[255] == x[255];
    free(x);
    free(y);
    return equal;
}

long right_none(void) {
    double *x = numbers(10);
    __vr v = _vel_vld_vssl(8, x + 10, 0);
    _vel_vst_vssl(v, 8, x + 10, 0);
    free(x);
    return 0;
}

long right_masked_off(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 100);
    // Elements up to 99.
    __vm256 mask = _vel_vfmkllt_mvl(_vel_vaddsl_vsvl(-100, _vel_vseq_vl(200), 200), 200);
    _vel_vst_vssml(v, 8, x, mask, 200);
    free(x);
    return 0;
}

long right_masked_gather(void) {
    double *x = numbers(100);
    __vr place = _vel_vsfa_vvssl(_vel_vseq_vl(200), 3, (long)x, 200);
    __vm256 mask = _vel_vfmkllt_mvl(_vel_vaddsl_vsvl(-100, _vel_vseq_vl(200), 200), 200);
    __vr v = _vel_vgt_vvssmvl(place, 0, 0, mask, place, 200);
    _vel_vst_vssl(v, 8, x, 100);
    free(x);
    return 0;
}

long right_strided(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(24, x, 34);
    v = _vel_vld_vssl(-8, x + 99, 100);
    v = _vel_vld_vssl(0, x + 99, 100);
    _vel_vst_vssl(v, 8, x, 100);
    free(x);
    return 0;
}

long right_dismissable(void) {
    long *x = calloc(2, sizeof(long)), value;
    __asm__ volatile("dld %0, 16(, %1)" : "=r"(value) : "r"(x));
    __asm__ volatile("pfch 24(, %0)" : : "r"(x));
    free(x);
    return 0;
}

long right_stack(void) {
    double x[256], y[256];
    double *from = hide(x), *to = hide(y);
    for (int i = 0; i < 256; i++)
        from[i] = i;
    __vr v = _vel_vld_vssl(8, from, 256);
    _vel_vst_vssl(v, 8, to, 256);
    return to[255] == 255;
}
