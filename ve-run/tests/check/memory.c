// Kernels for `--check memory`. A line of a wrong one that ends with `//! text` is where it goes wrong, and what is said. Nothing is said of
// the others.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define KEEP __attribute__((noinline))

char odd[5] __attribute__((aligned(8)));
int last[100];
struct { char name[11]; } record __attribute__((aligned(8)));
static _Atomic char flag __attribute__((aligned(8)));

KEEP static long *words(long count) {
    return malloc(count * sizeof(long));
}

// Nothing is known of what goes through it.
KEEP static void *hide(void *address) {
    __asm__ volatile("" : "+r"(address) : : "memory");
    return address;
}

long wrong_write_past(void) {
    long *x = words(10);
    x[10] = 1; //! write to, (8 bytes), just past the 80 bytes at, allocated at
    free(x);
    return 0;
}

long wrong_read_past(void) {
    int *x = calloc(3, sizeof(int));
    long sum = x[3]; //! read of, (4 bytes), just past the 12 bytes at
    free(x);
    return sum;
}

long wrong_write_before(void) {
    long *x = words(10);
    x[-1] = 1; //! write to, 8 bytes before the 80 bytes at
    free(x);
    return 0;
}

long wrong_half_past(void) {
    char *x = malloc(6);
    *(int *)hide(x + 4) = 1; //! write to, (4 bytes), just past the 6 bytes at
    free(x);
    return 0;
}

long wrong_byte_past(void) {
    char *x = malloc(13);
    x[13] = 0; //! write to, (1 byte), just past the 13 bytes at
    free(x);
    return 0;
}

long wrong_short_before(void) {
    short *x = malloc(20);
    long value = x[-2]; //! read of, (2 bytes), 4 bytes before the 20 bytes at
    free(x);
    return value;
}

long wrong_float_past(void) {
    float *x = malloc(4 * sizeof(float));
    ((float *)hide(x))[5] = 2; //! write to, 4 bytes past the 16 bytes at
    free(x);
    return 0;
}

long wrong_large_past(void) {
    char *x = malloc(1000000);
    x[1000001] = 0; //! write to, 1 byte past the 1000000 bytes at
    free(x);
    return 0;
}

long wrong_aligned_past(void) {
    char *x = aligned_alloc(256, 512);
    x[512] = 0; //! just past the 512 bytes at
    free(x);
    return 0;
}

long wrong_use_after_free(void) {
    long *x = words(4);
    x[1] = 3;
    free(x);
    return x[1]; //! read of, 8 bytes into the 32 bytes at, which were freed at
}

long wrong_write_after_free(void) {
    long *x = words(4);
    free(x);
    ((long *)hide(x))[3] = 4; //! write to, 24 bytes into the 32 bytes at, which were freed at
    return 0;
}

long wrong_large_after_free(void) {
    long *x = words(40000000);
    free(x);
    ((long *)hide(x))[1] = 4; //! write to, 8 bytes into the 320000000 bytes at, which were freed at
    return 0;
}

long wrong_after_realloc(void) {
    long *x = words(4), *y = realloc(x, 100);
    x = hide(x);
    x[0] = 1; //! write to, 0 bytes into the 32 bytes at, which were freed at
    free(y);
    return 0;
}

long wrong_freed_twice(void) {
    long *x = words(4);
    free(x);
    free(hide(x)); //! free: , was freed before: the 32 bytes at
    return 0;
}

long wrong_free_inside(void) {
    long *x = words(4);
    free(hide(x + 1)); //! where no block begins, 8 bytes into the 32 bytes at
    free(x);
    return 0;
}

long wrong_free_of_stack(void) {
    long x[4] = {1};
    free(hide(x)); //! free: , where no block begins
    return 0;
}

long wrong_free_of_variable(void) {
    free(hide(last)); //! where no block begins, 0 bytes into the 400 bytes of the variable last
    return 0;
}

long wrong_realloc_of_freed(void) {
    long *x = words(4);
    free(x);
    return realloc(hide(x), 8) == 0; //! realloc: , was freed before: the 32 bytes at
}

long wrong_variable_past(void) {
    ((char *)hide(odd))[5] = 1; //! write to, just past the 5 bytes of the variable odd
    return 0;
}

long wrong_variable_read_past(void) {
    return ((char *)hide(&record))[12]; //! read of, 1 byte past the 11 bytes of the variable record
}

KEEP static long far(long *x, long index) {
    return x[index]; // See `wrong_below_stack`.
}

long wrong_below_stack(void) {
    long x[4] = {1, 2, 3, 4};
    long *below = (long *)hide(x) - 4000;
    *below = 1; //! write to, below the stack pointer
    return far(x, 1);
}

KEEP static long *frame(void) {
    long x[100];
    x[0] = 1;
    return hide(x);
}

long wrong_returned_frame(void) {
    long *x = frame();
    return x[0]; //! read of, below the stack pointer
}

long wrong_above_stack(void) {
    char *x = hide(__builtin_frame_address(0));
    // A call from outside has a frame of its own above this one, of less than so many bytes.
    return x[3000]; //! read of, above the first frame of the stack
}

long wrong_memcpy_to(void) {
    char *x = malloc(10), y[20] = {0};
    memcpy(x, hide(y), 11); //! memcpy: write to, (11 bytes), just past the 10 bytes at
    free(x);
    return 0;
}

long wrong_memcpy_from(void) {
    char *x = calloc(10, 1), y[20];
    memcpy(hide(y), x, 12); //! memcpy: read of, (12 bytes), just past the 10 bytes at
    free(x);
    return y[0];
}

long wrong_memmove_freed(void) {
    char *x = malloc(10), y[20] = {0};
    free(x);
    memmove(hide(x), y, 4); //! memmove: write to, which were freed at
    return 0;
}

long wrong_memset(void) {
    char *x = malloc(100);
    memset(x, 0, 104); //! memset: write to, just past the 100 bytes at
    free(x);
    return 0;
}

long wrong_strcpy(void) {
    char *x = malloc(5);
    strcpy(x, hide("12345")); //! strcpy: write to, just past the 5 bytes at
    free(x);
    return 0;
}

long wrong_strlen(void) {
    char *x = malloc(5);
    memset(x, 'a', 5);
    long length = strlen(hide(x)); //! strlen: read of, just past the 5 bytes at
    free(x);
    return length;
}

long wrong_strcat(void) {
    char *x = malloc(8);
    strcpy(x, "12345");
    strcat(hide(x), "678"); //! strcat: write to, just past the 8 bytes at
    free(x);
    return 0;
}

long wrong_strcmp(void) {
    char *x = malloc(3);
    memcpy(x, "abc", 3);
    long order = strcmp(hide(x), "abcd"); //! strcmp: read of, just past the 3 bytes at
    free(x);
    return order;
}

long wrong_sprintf(void) {
    char *x = malloc(4);
    sprintf(hide(x), "%d", 12345); //! sprintf: write to, just past the 4 bytes at
    free(x);
    return 0;
}

long wrong_printf_of_freed(void) {
    char *x = malloc(4);
    strcpy(x, "abc");
    free(x);
    printf("%s\n", (char *)hide(x)); //! printf: read of, which were freed at
    return 0;
}

long wrong_sscanf(void) {
    short *x = malloc(2);
    sscanf("70000", "%d", (int *)hide(x)); //! sscanf: write to, just past the 2 bytes at
    free(x);
    return 0;
}

KEEP static int compare(const void *left, const void *right) {
    long a = *(const long *)left, b = *(const long *)right;
    return (a > b) - (a < b);
}

long wrong_qsort(void) {
    long *x = calloc(3, sizeof(long));
    qsort(hide(x), 4, sizeof(long), compare); //! qsort: , past the 24 bytes at
    free(x);
    return 0;
}

KEEP static int compare_freed(const void *left, const void *right) {
    long *x = *(long *const *)left;
    (void)right;
    return (int)*x; //! read of, which were freed at
}

long wrong_in_callback(void) {
    long *x = words(1), *y[2];
    y[0] = y[1] = x;
    free(x);
    qsort(hide(y), 2, sizeof *y, compare_freed);
    return 0;
}

KEEP static void *thread(void *argument) {
    long *x = argument;
    x[2] = 1; //! write to, just past the 16 bytes at
    return 0;
}

long wrong_in_thread(void) {
    long *x = words(2);
    pthread_t other;
    pthread_create(&other, 0, thread, x);
    pthread_join(other, 0);
    free(x);
    return 0;
}

KEEP static void lose(long count) {
    long *x = words(count);
    x[0] = 1;
    hide(x);
}

long wrong_leak(void) {
    long *x = malloc(24); //! leak: 24 bytes in a block
    x[0] = 1;
    x = hide(x);
    x = 0;
    return 0;
}

long wrong_leak_of_list(void) {
    long **x = 0;
    for (long i = 0; i < 5; i++) {
        long **next = malloc(16); //! leak: 80 bytes in 5 blocks
        next[0] = (long *)x;
        x = hide(next);
    }
    return 0;
}

long wrong_null_index(void) {
    long *x = calloc(1, 8);
    long value = x[300]; //! read of, 2392 bytes past the 8 bytes at
    free(x);
    return value;
}

long right_block(void) {
    long *x = words(10), sum = 0;
    for (int i = 0; i < 10; i++)
        x[i] = i;
    for (int i = 0; i < 10; i++)
        sum += x[i];
    free(x);
    return sum;
}

long right_sizes(void) {
    for (long size = 0; size < 300; size++) {
        char *x = malloc(size);
        memset(x, 1, size);
        x = realloc(x, 2 * size + 1);
        x[2 * size] = 1;
        free(x);
    }
    return 0;
}

long right_strings(void) {
    char *x = malloc(6), *y = strdup("hello");
    strcpy(x, y);
    long equal = strcmp(x, y) + strlen(x) + (strchr(x, 'l') - x);
    free(x);
    free(y);
    return equal;
}

long right_atomic_byte(void) {
    _Atomic char *x = malloc(1);
    *x = 1;
    *x += 2;
    flag |= 4;
    long value = *x + flag;
    free((void *)x);
    return value;
}

long right_variables(void) {
    memset(odd, 1, sizeof odd);
    memset(last, 1, sizeof last);
    return odd[4] + last[99];
}

long right_reachable(void) {
    static long *kept;
    kept = words(3);
    kept[0] = (long)words(2);
    return 0;
}

long right_large_stack(void) {
    volatile char x[100000];
    for (int i = 0; i < 100000; i += 1000)
        x[i] = 1;
    return x[5000];
}

KEEP static long deep(long n) {
    volatile long x[20];
    x[n % 20] = n;
    return n == 0 ? 0 : deep(n - 1) + x[n % 20];
}

long right_recursion(void) {
    return deep(1000);
}

long right_alloca(void) {
    long sum = 0;
    for (int i = 1; i < 50; i++) {
        char *x = __builtin_alloca(i);
        memset(x, 1, i);
        sum += x[i - 1];
    }
    return sum;
}

KEEP static void *fill(void *argument) {
    ((long *)argument)[1] = 5;
    return 0;
}

long right_stack_of_another(void) {
    long x[2] = {1, 2};
    pthread_t other;
    pthread_create(&other, 0, fill, x);
    pthread_join(other, 0);
    return x[1];
}
