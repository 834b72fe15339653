// As `init.c`: values that nobody has written, or that somebody has, in less usual ways.
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <velintrin.h>

#define KEEP __attribute__((noinline))

KEEP static void *hide(void *address) {
    __asm__ volatile("" : "+r"(address) : : "memory");
    return address;
}

static volatile long seen;

KEEP static void see(void) {
    seen++;
}

struct mixed {
    char tag;
    short number;
    double real;
    int flag;
};

long wrong_member(void) {
    struct mixed x, *y = hide(&x);
    y->tag = 1;
    y->real = 2;
    if (y->flag) //! a branch depends on bits
        see();
    return 0;
}

long wrong_alloca(void) {
    int *x = hide(alloca(40));
    x[0] = 1;
    if (x[9]) //! a branch depends on bits
        see();
    return 0;
}

long wrong_variable_length(void) {
    volatile long n = 12;
    long x[n], *y = hide(x);
    for (long i = 1; i < n; i++)
        y[i] = i;
    if (y[0] > 5) //! a branch depends on bits
        see();
    return 0;
}

long wrong_grown(void) {
    int *x = malloc(8);
    x[0] = x[1] = 1;
    x = realloc(x, 12);
    if (x[2]) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

KEEP static void fill_half(char *x, long n) {
    memset(x, 1, n / 2);
}

long wrong_half_filled(void) {
    char x[16];
    fill_half(hide(x), 16);
    if (x[8]) //! a branch depends on bits
        see();
    return 0;
}

long wrong_copied_member(void) {
    struct mixed *x = malloc(sizeof *x), y;
    x->tag = 3;
    x->number = 1;
    x->real = 2;
    y = *x;
    struct mixed *z = hide(&y);
    if (z->tag == 3)
        see();
    if (z->flag == 7) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_reused_block(void) {
    long *x = malloc(32);
    x[0] = x[1] = x[2] = x[3] = 5;
    free(x);
    x = malloc(32);
    if (((volatile long *)x)[2] == 5) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_table_entry(void) {
    static char names[4][8];
    unsigned char *x = malloc(2);
    x[0] = 1;
    char first = ((volatile char(*)[8])hide(names))[x[1] & 3][0]; //! the address of an access has bits
    free(x);
    return first;
}

long wrong_select(void) {
    int *x = malloc(8);
    x[0] = 1;
    switch (x[1] & 3) { //! bits that nobody has written
    case 0: see(); break;
    case 1: seen = 4; break;
    case 2: seen += 9; break;
    default: seen = 0;
    }
    free(x);
    return 0;
}

KEEP static void *look(void *x) {
    if (*(long *)x == 1) //! a branch depends on bits
        see();
    return 0;
}

long wrong_in_thread(void) {
    long *x = malloc(16);
    x[0] = 1;
    pthread_t other;
    pthread_create(&other, 0, look, x + 1);
    pthread_join(other, 0);
    free(x);
    return 0;
}

long wrong_vector_half(void) {
    float *x = malloc(200 * sizeof *x);
    for (int i = 0; i < 199; i++)
        x[i] = i;
    __vr v = _vel_vldu_vssl(4, x, 200);
    if (_vel_lvss_svs(v, 199) > 1) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_vector_stride(void) {
    double *x = malloc(100 * sizeof *x), y[50], *z = hide(y);
    for (int i = 0; i < 100; i += 2)
        x[i] = i;
    _vel_vst_vssl(_vel_vld_vssl(16, x + 1, 50), 8, z, 50);
    if (z[7] > 1) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long right_bit_by_bit(void) {
    unsigned long *x = malloc(8);
    for (int i = 0; i < 64; i++)
        *(volatile unsigned long *)x = *x & ~(1ul << i) | (unsigned long)(i & 1) << i;
    long good = *x == 0xaaaaaaaaaaaaaaaa;
    free(x);
    if (good)
        see();
    return good;
}

struct flags {
    unsigned a : 1, b : 5, c : 10;
    unsigned long d : 33, e : 20;
    int f : 7;
};

long right_bit_fields(void) {
    struct flags *x = malloc(sizeof *x), y;
    x->a = 1;
    x->b = 17;
    x->c = 1000;
    x->d = 1ul << 32;
    x->e = 77;
    x->f = -3;
    y = *x;
    struct flags *z = hide(&y);
    if (z->a && z->b == 17 && z->c == 1000 && z->d >> 32 && z->e == 77 && z->f == -3)
        see();
    free(x);
    return seen == 1;
}

long right_union(void) {
    union { long whole; struct { short a, b; int c; } parts; char bytes[8]; } x, *y = hide(&x);
    y->parts.a = 1;
    if (y->parts.a == 1 && y->bytes[0] == 1)
        see();
    y->whole = 7;
    if (y->bytes[7] == 0)
        see();
    return seen;
}

long right_partial_copy(void) {
    struct mixed *x = malloc(3 * sizeof *x), *y = malloc(3 * sizeof *y);
    for (int i = 0; i < 3; i++)
        x[i].flag = i;
    memcpy(y, x, 3 * sizeof *x);
    memmove(y + 1, y, 2 * sizeof *y);
    struct mixed z = y[2];
    long good = ((struct mixed *)hide(&z))->flag == 1;
    if (good)
        see();
    free(x);
    free(y);
    return good;
}

long right_padding(void) {
    struct mixed x = {1, 2, 3, 4}, *copy = malloc(sizeof x);
    *copy = x;
    struct mixed y = *copy;
    free(copy);
    struct mixed *z = hide(&y);
    if (z->tag + z->number + z->real + z->flag == 10)
        see();
    return seen;
}

struct triple {
    char a, b, c;
};

KEEP static struct triple triple(char a) {
    struct triple x = {a, a + 1, a + 2};
    return x;
}

KEEP static long sum(struct triple x) {
    return x.a + x.b + x.c;
}

long right_small_structures(void) {
    struct triple x = triple(4);
    if (sum(x) == 15)
        see();
    return sum(triple(x.c));
}

KEEP static jmp_buf *home(void) {
    static jmp_buf home;
    return &home;
}

KEEP static void leap(long *out) {
    long local[16];
    for (int i = 0; i < 16; i++)
        ((volatile long *)local)[i] = i;
    *out = local[3];
    longjmp(*home(), 5);
}

long right_longjmp(void) {
    long out = 0;
    int got = setjmp(*home());
    if (got == 0)
        leap(hide(&out));
    long *now = hide(&out);
    if (got == 5 && *now == 3)
        see();
    return *now;
}

long right_words_of_a_string(void) {
    // Whole words, the last of them not written to its end: what is behind the end decides nothing.
    char *x = aligned_alloc(8, 16);
    memcpy(x, "0123456789", 11);
    long length = 0;
    for (uint64_t *word = hide(x);; word++) {
        for (int byte = 0; byte < 8; byte++, length++)
            if ((*(volatile uint64_t *)word >> 8 * byte & 0xff) == 0)
                goto end;
    }
end:
    free(x);
    return length;
}

long right_multiplied_by_nothing(void) {
    int *x = malloc(8);
    x[0] = 1;
    // Any value is right.
    if ((x[1] & 0) == 0)
        see();
    if ((x[1] ^ x[1]) == 0 || (x[0] | 1) == 1)
        see();
    free(x);
    return 0;
}

KEEP static long pick(long which, long one, long two) {
    return which ? one : two;
}

long right_passed_on(void) {
    long *x = malloc(16);
    x[0] = 4;
    long value = pick(1, x[0], x[1]);
    if (value == 4)
        see();
    free(x);
    return value;
}

KEEP static void *produce(void *x) {
    for (int i = 0; i < 10; i++)
        ((long *)x)[i] = i;
    return 0;
}

long right_written_by_thread(void) {
    long *x = malloc(80), y[10];
    pthread_t others[2];
    pthread_create(&others[0], 0, produce, x);
    pthread_create(&others[1], 0, produce, hide(y));
    pthread_join(others[0], 0);
    pthread_join(others[1], 0);
    long *z = hide(y);
    if (x[9] == z[9])
        see();
    free(x);
    return seen;
}

long right_atomics(void) {
    _Atomic int *x = malloc(8);
    x[0] = 0;
    int old = 0;
    __c11_atomic_compare_exchange_strong(&x[0], &old, 5, 5, 5);
    __c11_atomic_fetch_add(&x[0], 2, 5);
    __c11_atomic_store((_Atomic char *)&x[1], 3, 5);
    if (x[0] == 7 && *(_Atomic char *)&x[1] == 3)
        see();
    free((void *)x);
    return seen;
}

long right_swapped(void) {
    struct mixed *x = malloc(2 * sizeof *x), t;
    x[0].flag = 1;
    x[1].flag = 2;
    t = x[0];
    x[0] = x[1];
    x[1] = t;
    if (x[0].flag == 2 && x[1].flag == 1)
        see();
    free(x);
    return seen;
}

long right_shifted_in(void) {
    unsigned char *x = malloc(4);
    x[0] = 1;
    x[1] = 2;
    unsigned *whole = hide(x);
    if ((*whole << 16) >> 16 == 0x201)
        see();
    if ((short)*whole == 0x201)
        see();
    if ((unsigned char)(*whole >> 8) == 2)
        see();
    free(x);
    return seen;
}

long right_vector_merge(void) {
    double *x = malloc(100 * sizeof *x);
    for (int i = 0; i < 50; i++)
        x[i] = i;
    __vr v = _vel_vld_vssl(8, x, 100), zero = _vel_vbrdd_vsl(0, 100);
    // Elements up to 49 from memory, the others nothing.
    __vm256 mask = _vel_vfmkllt_mvl(_vel_vaddsl_vsvl(-50, _vel_vseq_vl(100), 100), 100);
    v = _vel_vmrg_vvvml(zero, v, mask, 100);
    double sum = _vel_lvsd_svs(_vel_vfsumd_vvl(v, 100), 0);
    if (sum == 1225)
        see();
    free(x);
    return seen;
}

long right_vector_masked_load(void) {
    int *x = malloc(100 * sizeof *x);
    for (int i = 0; i < 100; i++)
        x[i] = i & 1;
    __vr v = _vel_vldlsx_vssl(4, x, 100);
    __vm256 odd = _vel_vfmkwgt_mvl(v, 100);
    _vel_vstl_vssml(_vel_vaddswsx_vsvl(5, v, 100), 4, x, odd, 100);
    if (x[99] == 6 && x[98] == 0 && _vel_pcvm_sml(odd, 100) == 50)
        see();
    free(x);
    return seen;
}

long right_compressed(void) {
    long *x = malloc(100 * sizeof *x), y[100], *z = hide(y);
    for (int i = 0; i < 100; i++)
        x[i] = i;
    __vm256 mask = _vel_vfmkllt_mvl(_vel_vaddsl_vsvl(-10, _vel_vseq_vl(100), 100), 100);
    __vr v = _vel_vcp_vvmvl(_vel_vld_vssl(8, x, 100), mask, _vel_vbrdl_vsl(0, 100), 100);
    _vel_vst_vssl(v, 8, z, 10);
    if (z[9] == 9)
        see();
    free(x);
    return seen;
}
