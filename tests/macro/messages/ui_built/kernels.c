/* The library that the cases of this folder declare, rightly and wrongly. */
#include <stdint.h>

typedef struct point {
    double x, y;
    int32_t tag;
} point;

int64_t add(int32_t a, double *b) { return a + (int64_t)b[0]; }

uint32_t count(const int64_t *data, uint64_t n) { return data && n ? 1 : 0; }

double mean(const double *data, uint64_t n) { return n ? data[0] : 0.0; }

void shift(point *p, float by) { p->x += by; }

double norm_of(point p) { return p.x + p.y; }

double norm(const double *x, int n) __asm__("_Z4normPKdi");
double norm(const double *x, int n) { return n ? x[0] : 0.0; }

void daxpy_(const int *n, const double *alpha, const double *x, double *y) {
    if (*n) y[0] += *alpha * x[0];
}

typedef struct list {
    struct list *next;
    double *data;
    point *at;
} list;

double total(const list *l) { return l->next ? total(l->next) : *l->data + l->at->x; }

double trace(double **rows, uint64_t n) { return n ? rows[0][0] : 0.0; }

double times(n, x) int n; float x; { return n * x; }

double apply(double (*f)(double), double x) { return f(x); }

int64_t greet_(int32_t type, const int32_t *n) { return type + *n; }
