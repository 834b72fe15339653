// As `init.c`, with vector instructions.
#include <stdlib.h>
#include <velintrin.h>

#define KEEP __attribute__((noinline))

static long seen;

KEEP static void see(void) {
    seen++;
}

// The last one is not written.
KEEP static double *numbers(long count) {
    double *x = malloc(count * sizeof(double));
    for (long i = 0; i < count - 1; i++)
        x[i] = i;
    return x;
}

long wrong_reduced(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 100);
    v = _vel_vfsumd_vvl(v, 100);
    if (_vel_lvsd_svs(v, 0) > 1) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_element(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 100);
    v = _vel_vfaddd_vsvl(1, v, 100);
    if (_vel_lvsd_svs(v, 99) > 1) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_gather_index(void) {
    double *x = numbers(100);
    long *index = malloc(80);
    for (int i = 0; i < 9; i++)
        index[i] = i;
    __vr place = _vel_vsfa_vvssl(_vel_vld_vssl(8, index, 10), 3, (long)x, 10);
    __vr v = _vel_vgt_vvssl(place, 0, 0, 10); //! the address of an access has bits
    _vel_vst_vssl(v, 8, x, 10);
    free(index);
    free(x);
    return 0;
}

long wrong_mask(void) {
    double *x = numbers(100), *y = malloc(800);
    __vr v = _vel_vld_vssl(8, x, 100);
    __vm256 mask = _vel_vfmkdgt_mvl(v, 100);
    _vel_vst_vssml(v, 8, y, mask, 100); //! which elements take part depends on bits
    free(x);
    free(y);
    return 0;
}

long wrong_mask_count(void) {
    double *x = numbers(100);
    __vm256 mask = _vel_vfmkdgt_mvl(_vel_vld_vssl(8, x, 100), 100);
    if (_vel_pcvm_sml(mask, 100) > 50) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_stored(void) {
    double *x = numbers(100), *y = malloc(800);
    _vel_vst_vssl(_vel_vfmuld_vsvl(2, _vel_vld_vssl(8, x, 100), 100), 8, y, 100);
    if (y[98] > 1)
        see();
    if (y[99] > 1) //! a branch depends on bits
        see();
    free(x);
    free(y);
    return 0;
}

long wrong_length(void) {
    long *x = malloc(16);
    double *y = numbers(100);
    x[0] = 4;
    __vr v = _vel_vld_vssl(8, y, x[1] & 31); //! which elements take part depends on bits
    _vel_vst_vssl(v, 8, y, 4);
    free(x);
    free(y);
    return 0;
}

long wrong_stride(void) {
    long *x = malloc(16);
    double *y = numbers(100);
    x[0] = 4;
    __vr v = _vel_vld_vssl(x[1] & 8, y, 4); //! the address of an access has bits
    _vel_vst_vssl(v, 8, y, 4);
    free(x);
    free(y);
    return 0;
}

long right_defined(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 99);
    v = _vel_vfaddd_vvvl(v, v, 99);
    v = _vel_vfsumd_vvl(v, 99);
    if (_vel_lvsd_svs(v, 0) > 1)
        see();
    free(x);
    return 0;
}

long right_masked(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 100);
    // The last one is left out.
    __vm256 mask = _vel_vfmkllt_mvl(_vel_vaddsl_vsvl(-99, _vel_vseq_vl(100), 100), 100);
    double sum = _vel_lvsd_svs(_vel_vfsumd_vvml(v, mask, 100), 0);
    __vr merged = _vel_vmrg_vsvml(0, v, mask, 100);
    double merged_sum = _vel_lvsd_svs(_vel_vfsumd_vvl(merged, 100), 0);
    if (sum > 1 && merged_sum > 1)
        see();
    free(x);
    return 0;
}

long right_logic(void) {
    unsigned long *x = malloc(800);
    for (int i = 0; i < 100; i++)
        ((unsigned *)x)[2 * i] = i;
    __vr v = _vel_vld_vssl(8, x, 100);
    v = _vel_vand_vsvl(0xffffffff, v, 100);
    v = _vel_vsll_vvsl(v, 3, 100);
    if (_vel_lvsl_svs(v, 99) == 99 * 8)
        see();
    free(x);
    return 0;
}

long right_floats(void) {
    float *x = malloc(400), *y = malloc(400);
    for (int i = 0; i < 100; i++)
        x[i] = i;
    __vr v = _vel_vldu_vssl(4, x, 100);
    v = _vel_vfadds_vsvl(1, v, 100);
    _vel_vstu_vssl(v, 4, y, 100);
    if (y[99] > 1)
        see();
    free(x);
    free(y);
    return 0;
}

long right_packed(void) {
    float *x = malloc(800), *y = malloc(800);
    for (int i = 0; i < 200; i++)
        x[i] = i;
    __vr v = _vel_vld_vssl(8, x, 100);
    v = _vel_pvfadd_vvvl(v, v, 100);
    v = _vel_pvfmul_vvvl(v, v, 100);
    _vel_vst_vssl(v, 8, y, 100);
    if (y[199] > 1)
        see();
    free(x);
    free(y);
    return 0;
}

long right_moved(void) {
    double *x = numbers(100);
    __vr v = _vel_vld_vssl(8, x, 100);
    v = _vel_vmv_vsvl(1, v, 98);
    __vr first = _vel_vbrdd_vsl(2, 100);
    v = _vel_vfmuld_vvvl(v, first, 98);
    if (_vel_lvsd_svs(v, 97) > 1)
        see();
    free(x);
    return 0;
}
