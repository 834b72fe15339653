// As `memory.c`, for `--check memory-init`: values that nobody has written.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEEP __attribute__((noinline))

KEEP static void *hide(void *address) {
    __asm__ volatile("" : "+r"(address) : : "memory");
    return address;
}

static long seen;

KEEP static void see(void) {
    seen++;
}

struct bits {
    unsigned first : 3, second : 7, third : 22;
};

struct padded {
    char tag;
    long value;
};

long wrong_branch(void) {
    long *x = malloc(8);
    if (*x > 3) //! a branch depends on bits that nobody has written
        see();
    free(x);
    return 0;
}

long wrong_branch_on_byte(void) {
    char *x = malloc(2);
    x[0] = 1;
    if (x[1]) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_branch_on_stack(void) {
    int x[4];
    int *y = hide(x);
    y[0] = 1;
    if (y[3] == 7) //! a branch depends on bits
        see();
    return 0;
}

long wrong_branch_on_float(void) {
    float *x = malloc(8);
    x[0] = 1;
    if (x[0] + x[1] > 2) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_branch_on_double(void) {
    double *x = malloc(8);
    if (*x * 2 < 1) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_branch_on_bit_field(void) {
    struct bits *x = malloc(sizeof *x);
    memset(x, 0, 1);
    // All of the first, five bits of the second.
    if (x->second == 0) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_branch_on_converted(void) {
    int *x = malloc(8);
    x[0] = 3;
    if ((double)x[1] > 0.5) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_loop(void) {
    long *x = malloc(16);
    x[0] = 2;
    for (long i = 0; i < x[1] % 8; i++) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_index(void) {
    long *x = malloc(16);
    static long table[8];
    long *known = hide(table);
    x[0] = 1;
    long value = known[x[1] & 7]; //! the address of an access has bits
    free(x);
    return value;
}

long wrong_pointer(void) {
    long **x = malloc(16);
    x[0] = &seen;
    *x[1] = 1; //! the address of an access has bits
    free(x);
    return 0;
}

long wrong_call(void) {
    void (**x)(void) = malloc(16);
    x[0] = see;
    x[1](); //! the target of a jump has bits
    free(x);
    return 0;
}

long wrong_after_copy(void) {
    long *x = malloc(16), *y = malloc(16);
    x[0] = 1;
    memcpy(y, x, 16);
    if (y[1] == 3) //! a branch depends on bits
        see();
    free(x);
    free(y);
    return 0;
}

long wrong_after_realloc(void) {
    long *x = calloc(1, 8);
    x = realloc(x, 800);
    if (x[0] == 0 && x[50] == 3) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_strlen(void) {
    char *x = malloc(8);
    x[0] = 'a';
    long length = strlen(hide(x)); //! strlen: it was given memory that nobody has written, at, 1 byte into the 8 bytes at
    free(x);
    return length;
}

long wrong_memcmp(void) {
    char *x = malloc(8), y[8] = "abc";
    memcpy(x, y, 4);
    long order = memcmp(hide(x), y, 8); //! memcmp: it was given memory that nobody has written, at, 4 bytes into
    free(x);
    return order;
}

long wrong_write(void) {
    char *x = malloc(8);
    memcpy(x, "abc", 3);
    write(2, hide(x), 0);
    write(1, hide(x), 8); //! write: it was given memory that nobody has written, at, 3 bytes into the 8 bytes at
    free(x);
    return 0;
}

long wrong_fwrite(void) {
    struct padded *x = malloc(sizeof *x);
    x->tag = 'a';
    x->value = 1;
    fwrite(hide(x), sizeof *x, 1, stdout); //! fwrite: it was given memory that nobody has written, at, 1 byte into the 16 bytes at
    free(x);
    return 0;
}

long wrong_printf(void) {
    int *x = malloc(8);
    x[0] = 1;
    printf("%d %d\n", x[0], x[1]); //! printf: it was given memory that nobody has written
    free(x);
    return 0;
}

long wrong_puts(void) {
    char *x = malloc(4);
    x[0] = 'a';
    x[1] = 'b';
    puts(hide(x)); //! puts: it was given memory that nobody has written, at, 2 bytes into
    free(x);
    return 0;
}

long wrong_shifted(void) {
    unsigned long *x = malloc(8);
    *(unsigned char *)hide(x) = 1;
    if (*x >> 8 & 1) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

long wrong_sum(void) {
    int *x = malloc(40), sum = 0;
    for (int i = 0; i < 9; i++)
        x[i] = i;
    x = hide(x);
    for (int i = 0; i < 10; i++)
        sum += x[i];
    if (sum > 10) //! a branch depends on bits
        see();
    free(x);
    return 0;
}

KEEP static int chosen(int *x) {
    return x[1];
}

int main(void) {
    int *x = malloc(8);
    x[0] = 1;
    return chosen(x);
}

KEEP static void fill(double *x, long count) {
    for (long i = 0; i < count; i++)
        x[i] = 0.5;
}

long right_filled(void) {
    double *x = malloc(80), sum = 0;
    fill(x, 10);
    for (int i = 0; i < 10; i++)
        sum += x[i];
    long good = sum == 5;
    free(x);
    return good;
}

long right_bit_fields(void) {
    struct bits *x = malloc(sizeof *x);
    x->first = 3;
    x->second = 17;
    long good = x->first == 3 && x->second == 17;
    if (good)
        see();
    free(x);
    return 0;
}

long right_masked(void) {
    unsigned *x = malloc(4);
    *(unsigned char *)hide(x) = 5;
    if ((*x & 0xff) == 5)
        see();
    if ((*x << 24) == 5u << 24)
        see();
    if ((*x | 0xffffff00) == 0xffffff05)
        see();
    free(x);
    return 0;
}

long right_different(void) {
    unsigned *x = malloc(4);
    *(unsigned char *)hide(x) = 5;
    // The lowest byte says that they are different, whatever the others are.
    if (*x != 6)
        see();
    free(x);
    return 0;
}

long right_copied(void) {
    struct padded *x = malloc(10 * sizeof *x), *y = malloc(10 * sizeof *y), z;
    for (int i = 0; i < 9; i++) {
        x[i].tag = i;
        x[i].value = -i;
    }
    memcpy(y, x, 10 * sizeof *x);
    z = y[9];
    x[0] = z;
    long good = y[8].value == -8 && y[8].tag == 8;
    free(x);
    free(y);
    return good;
}

KEEP static int compare(const void *left, const void *right) {
    return ((const struct padded *)left)->tag - ((const struct padded *)right)->tag;
}

long right_sorted(void) {
    struct padded x[5];
    for (int i = 0; i < 5; i++) {
        x[i].tag = 7 * i % 5;
        x[i].value = i;
    }
    qsort(hide(x), 5, sizeof *x, compare);
    return x[1].tag == 1;
}

long right_set(void) {
    long *x = malloc(80);
    memset(x, 0, 80);
    long good = x[9] == 0;
    x = realloc(x, 40);
    good += x[4] == 0;
    free(x);
    x = calloc(5, 8);
    good += x[4] == 0;
    free(x);
    return good;
}

long right_printed(void) {
    char text[40];
    int x = 5;
    sprintf(text, "%d %s %g %c %ld", x, "abc", 1.5, 'z', 7l);
    return strlen(text) == 15 && strcmp(text, "5 abc 1.5 z 7") != 0;
}

long right_scanned(void) {
    int x;
    double y;
    long good = sscanf("12 2.5", "%d %lf", &x, &y);
    return good == 2 && x == 12 && y == 2.5;
}

long right_results(void) {
    double x, y = modf(2.75, &x);
    int z;
    y = frexp(y, &z);
    return x == 2 && z == 0 && fabs(y) > 0.5;
}

long right_unused(void) {
    long *x = malloc(80), unused = x[3];
    unused += x[4];
    *(volatile long *)&x[5] = unused;
    free(x);
    return 0;
}

struct pair {
    long first, second;
};

KEEP static struct pair pair(long first) {
    struct pair pair = {first, first + 1};
    return pair;
}

long right_structures(void) {
    struct pair x = pair(3);
    return x.first + x.second == 7;
}
