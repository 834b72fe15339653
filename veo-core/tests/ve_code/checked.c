/* Kernels with mistakes that the check of memory finds. */
void *malloc(unsigned long);
void free(void *);

static double *kept;
static long seen;

static void *hide(void *address) {
    __asm__ volatile("" : "+r"(address) : : "memory");
    return address;
}

void fill(double *x, long n) {
    for (long i = 0; i < n; i++)
        x[i] = i; /* fill */
}

void keep(double *x) {
    kept = x;
}

double use_kept(void) {
    return kept[2]; /* use_kept */
}

long use_freed(long n) {
    long *x = malloc(n * sizeof(long)); /* allocated */
    x[1] = n;
    x = hide(x);
    free(x); /* freed */
    return x[1]; /* use_freed */
}

long lose(long n) {
    char *x = malloc(n); /* lost */
    x[0] = 1;
    hide(x);
    return n;
}

long decide(long n) {
    long *x = malloc(n * sizeof(long));
    x[0] = 3;
    if (x[n - 1] == 5) /* decide */
        seen++;
    free(x);
    return seen;
}
