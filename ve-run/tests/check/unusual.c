// As `memory.c`: kernels that are wrong or right in less usual ways.
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

struct point {
    double x, y, z;
};

static int table[7];
static const char message[] = "abc";
static __thread long own[3];

long wrong_off_by_one(void) {
    int *x = malloc(20 * sizeof *x);
    for (int i = 0; i <= 20; i++)
        ((volatile int *)x)[i] = i; //! write to, (4 bytes), just past the 80 bytes at
    free(x);
    return 0;
}

long wrong_size_of_pointer(void) {
    struct point *x = malloc(sizeof x);
    x->x = 1;
    ((volatile struct point *)x)->z = 2; //! write to, (8 bytes), 8 bytes past the 8 bytes at
    free(x);
    return 0;
}

long wrong_unterminated(void) {
    char *x = malloc(strlen(hide("hello")));
    memcpy(x, "hello", 5);
    char *found = strchr(hide(x), 'z'); //! strchr: read of, just past the 5 bytes at
    free(x);
    return found != 0;
}

long wrong_two_dimensions(void) {
    double(*x)[10] = malloc(5 * sizeof *x);
    volatile double *last = &x[4][9];
    last[1] = 1; //! write to, (8 bytes), just past the 400 bytes at
    free(x);
    return 0;
}

long wrong_list_after_free(void) {
    struct node {
        struct node *next;
        long value;
    } *list = 0;
    for (long i = 0; i < 3; i++) {
        struct node *x = malloc(sizeof *x);
        x->next = list;
        x->value = i;
        list = x;
    }
    for (struct node *x = list; x; x = ((struct node *)hide(x))->next) //! read of, (8 bytes), 0 bytes into the 16 bytes at, which were freed at
        free(x);
    return 0;
}

long wrong_old_pointer(void) {
    char *x = malloc(16), *end = x + 8;
    x = realloc(x, 5000);
    x[100] = 1;
    *(volatile char *)hide(end) = 1; //! write to, (1 byte), 8 bytes into the 16 bytes at, which were freed at
    free(x);
    return 0;
}

long wrong_shrunk(void) {
    long *x = malloc(800);
    x = realloc(x, 80);
    long value = ((volatile long *)hide(x))[10]; //! read of, (8 bytes), just past the 80 bytes at
    free(x);
    return value;
}

long wrong_nothing(void) {
    char *x = malloc(0);
    *(volatile char *)hide(x) = 1; //! write to, (1 byte), just past the 0 bytes at
    free(x);
    return 0;
}

long wrong_global_before(void) {
    return ((volatile int *)hide(table))[-1]; //! read of
}

long wrong_global_past(void) {
    int *x = hide(table);
    for (int i = 0; i < 8; i++)
        ((volatile int *)x)[i] = i; //! write to, (4 bytes), just past the 28 bytes of the variable table
    return 0;
}

long wrong_alloca_returned(void) {
    extern char *leave_alloca(void);
    return *(volatile char *)leave_alloca(); //! read of, below the stack pointer
}

KEEP char *leave_alloca(void) {
    char *x = alloca(64);
    x[0] = 1;
    return hide(x);
}

long wrong_variable_length(void) {
    extern long *leave_array(long);
    *(volatile long *)leave_array(40) = 1; //! write to, below the stack pointer
    return 0;
}

KEEP long *leave_array(long n) {
    long x[n];
    x[n - 1] = n;
    return hide(x);
}

KEEP static jmp_buf *home(void) {
    static jmp_buf home;
    return &home;
}

KEEP static void jump(long **out) {
    long local[30];
    local[2] = 1;
    *out = hide(local);
    longjmp(*home(), 1);
}

long wrong_after_longjmp(void) {
    static long *inner;
    if (setjmp(*home()) == 0)
        jump(&inner);
    return *(volatile long *)hide(inner); //! read of, below the stack pointer
}

KEEP static void *gone(void *out) {
    long local[2] = {1, 2};
    *(long **)out = hide(local);
    return 0;
}

long wrong_stack_of_ended_thread(void) {
    long *x;
    pthread_t other;
    pthread_create(&other, 0, gone, &x);
    pthread_join(other, 0);
    return *(volatile long *)hide(x); //! read of
}

KEEP static void *drop(void *x) {
    free(x);
    return 0;
}

long wrong_freed_by_thread(void) {
    long *x = calloc(2, 8);
    pthread_t other;
    pthread_create(&other, 0, drop, x);
    pthread_join(other, 0);
    return *(volatile long *)hide(x + 1); //! read of, 8 bytes into the 16 bytes at, which were freed at
}

long wrong_freed_twice_by_threads(void) {
    long *x = calloc(2, 8);
    pthread_t other;
    pthread_create(&other, 0, drop, x);
    pthread_join(other, 0);
    free(hide(x)); //! free: , was freed before: the 16 bytes at
    return 0;
}

long wrong_realloc_twice(void) {
    char *x = malloc(10), *y = realloc(x, 1000);
    char *z = realloc(hide(x), 20); //! realloc: , was freed before: the 10 bytes at
    free(y);
    free(z);
    return 0;
}

long wrong_free_of_constant(void) {
    free(hide((void *)message)); //! free: , where no block begins
    return 0;
}

long wrong_free_of_alloca(void) {
    char *x = alloca(32);
    x[0] = 1;
    free(hide(x)); //! free: , where no block begins
    return 0;
}

long wrong_overlong_copy(void) {
    struct point *x = malloc(sizeof *x), y[2] = {{1, 2, 3}};
    memmove(hide(x), y, sizeof y); //! memmove: write to, (48 bytes), just past the 24 bytes at
    free(x);
    return 0;
}

long wrong_strncpy(void) {
    char *x = malloc(8);
    strncpy(hide(x), "ab", 16); //! strncpy: write to, just past the 8 bytes at
    free(x);
    return 0;
}

long wrong_snprintf(void) {
    char *x = malloc(8);
    snprintf(hide(x), 100, "%s", "a longer text"); //! snprintf: write to, just past the 8 bytes at
    free(x);
    return 0;
}

long wrong_leak_by_overwriting(void) {
    static long *kept;
    kept = malloc(48); //! leak: 48 bytes in a block
    kept = hide(malloc(8));
    return 0;
}

long wrong_leak_of_member(void) {
    struct { char *text; } *x = malloc(sizeof *x);
    x->text = malloc(40); //! leak: 40 bytes in a block
    x->text[0] = 1;
    free(x);
    return 0;
}

long wrong_vector_on_stack(void) {
    extern double *leave_doubles(void);
    __vr v = _vel_vld_vssl(8, leave_doubles(), 64); //! read of, element, below the stack pointer
    return _vel_lvsl_svs(v, 0) != 0;
}

KEEP double *leave_doubles(void) {
    double x[200];
    x[3] = 1;
    return hide(x);
}

long wrong_vector_on_global(void) {
    __vr v = _vel_vldlsx_vssl(4, hide(table), 8); //! read of, (4 bytes), element 7 of the vector, just past the 28 bytes of the variable table
    return _vel_lvsl_svs(v, 0) != 0;
}

long wrong_packed(void) {
    float *x = calloc(101, sizeof *x);
    __vr v = _vel_vld_vssl(8, x, 51); //! read of, element 50 of the vector, the 404 bytes at
    _vel_vst_vssl(v, 8, x, 50);
    free(x);
    return 0;
}

long wrong_scatter_of_floats(void) {
    float *x = calloc(64, sizeof *x);
    __vr place = _vel_vsfa_vvssl(_vel_vseq_vl(65), 2, (long)x, 65);
    __vr v = _vel_vldu_vssl(4, x, 64);
    _vel_vscu_vvssl(v, place, 0, 0, 65); //! write to, (4 bytes), element 64 of the vector, just past the 256 bytes at
    free(x);
    return 0;
}

long wrong_masked_gather(void) {
    long *x = calloc(100, 8);
    __vr place = _vel_vsfa_vvssl(_vel_vseq_vl(200), 3, (long)x, 200);
    // Elements up to 100.
    __vm256 mask = _vel_vfmkllt_mvl(_vel_vaddsl_vsvl(-101, _vel_vseq_vl(200), 200), 200);
    __vr v = _vel_vgt_vvssml(place, 0, 0, mask, 200); //! read of, element 100 of the vector, just past the 800 bytes at
    _vel_vst_vssl(v, 8, x, 100);
    free(x);
    return 0;
}

long wrong_vst2d(void) {
    double *x = calloc(100, sizeof *x);
    __vr v = _vel_vld_vssl(8, x, 96);
    _vel_vst2d_vssl(v, 136ul << 16 | 8, x, 96); //! write to, element 95 of the vector, just past the 800 bytes at
    free(x);
    return 0;
}

long wrong_freed_by_callee(void) {
    extern void consume(double *);
    double *x = calloc(256, sizeof *x);
    consume(x);
    __vr v = _vel_vld_vssl(8, hide(x), 256); //! read of, element 0 of the vector, 0 bytes into the 2048 bytes at, which were freed at
    return _vel_lvsl_svs(v, 0) != 0;
}

KEEP void consume(double *x) {
    free(x);
}

long right_growing(void) {
    long *x = 0, count = 0, room = 0;
    for (long i = 0; i < 1000; i++) {
        if (count == room)
            x = realloc(x, (room = 2 * room + 1) * sizeof *x);
        x[count++] = i;
    }
    long sum = 0;
    for (long i = 0; i < count; i++)
        sum += x[i];
    x = realloc(x, sizeof *x);
    sum += x[0];
    free(x);
    return sum;
}

long right_variable_length(void) {
    long sum = 0;
    for (long n = 1; n < 40; n++) {
        long x[n], y[2 * n];
        for (long i = 0; i < n; i++)
            x[i] = y[2 * i] = y[2 * i + 1] = i;
        sum += ((long *)hide(x))[n - 1] + ((long *)hide(y))[2 * n - 1];
    }
    return sum;
}

KEEP static void unwind(long depth) {
    volatile long x[20];
    x[depth % 20] = depth;
    if (depth == 0)
        longjmp(*home(), 7);
    unwind(depth - 1);
    x[0] = depth;
}

long right_longjmp(void) {
    volatile long turns = 0, x[10];
    for (int i = 0; i < 10; i++)
        x[i] = i;
    int got = setjmp(*home());
    turns++;
    if (turns < 20)
        unwind(turns);
    return got == 7 && turns == 20 && x[9] == 9;
}

long right_words_of_a_string(void) {
    // As C libraries do it: whole words of an aligned string, which has room for them.
    char *x = aligned_alloc(8, 16);
    strcpy(x, "0123456789");
    uint64_t *word = hide(x), any;
    long length = 0;
    while (any = *word, ((any - 0x0101010101010101) & ~any & 0x8080808080808080) == 0)
        word++;
    for (length = (char *)word - x; x[length]; length++)
        ;
    free(x);
    return length;
}

union value {
    double real;
    long bits;
    struct { int low, high; } halves;
    char bytes[8];
};

long right_union(void) {
    union value *x = malloc(sizeof *x);
    x->real = 1.5;
    long sum = x->bits >> 52;
    x->halves.high = 3;
    sum += x->bytes[4];
    free(x);
    return sum;
}

long right_flexible(void) {
    struct text { long length; char text[]; } *x = malloc(sizeof *x + 13);
    x->length = 13;
    for (long i = 0; i < x->length; i++)
        x->text[i] = 'a';
    long last = x->text[12];
    free(x);
    return last;
}

long right_negative_index(void) {
    long *x = calloc(10, 8), *middle = x + 5;
    for (int i = -5; i < 5; i++)
        middle[i] = i;
    long sum = middle[-5] + middle[4];
    free(x);
    return sum;
}

KEEP static void *own_variables(void *argument) {
    for (int i = 0; i < 3; i++)
        own[i] = (long)argument;
    long *x = malloc(24);
    memcpy(x, own, sizeof own);
    return x;
}

long right_thread_local(void) {
    pthread_t others[3];
    long sum = 0;
    for (long i = 0; i < 3; i++)
        pthread_create(&others[i], 0, own_variables, (void *)i);
    for (long i = 0; i < 3; i++) {
        void *x;
        pthread_join(others[i], &x);
        sum += ((long *)x)[2];
        free(x);
    }
    return sum + own[0];
}

KEEP static long nested(long n) {
    char *x = alloca(n + 1);
    memset(x, (int)n, n + 1);
    return n == 0 ? 0 : nested(n - 1) + x[n];
}

long right_nested_alloca(void) {
    return nested(60);
}

struct by_value {
    long x[20];
};

KEEP static struct by_value twice(struct by_value from) {
    for (int i = 0; i < 20; i++)
        from.x[i] *= 2;
    return from;
}

long right_by_value(void) {
    struct by_value x = {{1, 2, 3}};
    x = twice(twice(x));
    return x.x[2];
}

KEEP static long many(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k) {
    return a + b + c + d + e + f + g + h + i + j + k;
}

long right_stack_arguments(void) {
    return many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
}

long right_reachable_from_inside(void) {
    // Found by a pointer into it, as C++ and intrusive lists have it.
    static char *inside;
    inside = (char *)malloc(100) + 40;
    *inside = 1;
    return 0;
}

long right_strings_at_the_end(void) {
    char *x = malloc(5), *y = malloc(3);
    memcpy(x, "abcde", 5);
    memcpy(y, "ab", 3);
    long order = strncmp(x, y, 5) + (memchr(x, 'e', 5) != 0) + strnlen(x, 5) + (strstr("xaby", y) != 0);
    char *copy = strndup(x, 5);
    order += strlen(copy);
    free(copy);
    free(x);
    free(y);
    return order;
}

long right_reused(void) {
    long sum = 0;
    for (int i = 0; i < 2000; i++) {
        long *x = malloc(8 + i % 64 * 8);
        x[i % 64] = i;
        sum += x[i % 64];
        free(x);
    }
    return sum;
}

long right_vector_tail(void) {
    long n = 1000;
    double *x = malloc(n * sizeof *x), sum = 0;
    for (long i = 0; i < n; i += 256) {
        long vl = n - i < 256 ? n - i : 256;
        _vel_vst_vssl(_vel_vbrdd_vsl(2, vl), 8, x + i, vl);
    }
    for (long i = 0; i < n; i++)
        sum += x[i];
    free(x);
    return sum == 2000;
}

long right_vector_columns(void) {
    double(*x)[7] = malloc(100 * sizeof *x);
    for (int column = 0; column < 7; column++)
        _vel_vst_vssl(_vel_vbrdd_vsl(column, 100), sizeof *x, &x[0][column], 100);
    __vr v = _vel_vld_vssl(-(long)sizeof *x, &x[99][6], 100);
    long good = _vel_lvsd_svs(v, 99) == 6;
    free(x);
    return good;
}

long right_scatter_back(void) {
    long *x = calloc(128, 8);
    __vr place = _vel_vsfa_vvssl(_vel_vsubsl_vsvl(127, _vel_vseq_vl(128), 128), 3, (long)x, 128);
    _vel_vsc_vvssl(_vel_vseq_vl(128), place, 0, 0, 128);
    long good = x[127] == 0 && x[0] == 127;
    free(x);
    return good;
}
