#include "imported.h"

#include <stdlib.h>
#include <string.h>

struct handle { int size; };

long imported_add(int a, double *b) { return a + (long)*b; }

void imported_pairs(const pair_t *p, pair_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        out[i].a = p[i].a + 1;
        out[i].b = p[i].b * 2;
    }
}

long imported_walk(const struct node *first) {
    long sum = 0;
    for (const struct node *n = first; n; n = n->next)
        if (n->on) sum += n->value + (long)strlen(n->name);
    return sum;
}

void imported_link(struct node *nodes, Index n) {
    for (Index i = 0; i < n; i++) nodes[i].next = i + 1 < n ? &nodes[i + 1] : NULL;
}

int imported_flags(struct flags *f) { return (int)(f->low * 100 + f->high * 1000) + f->rest; }

int imported_tagged(const struct tagged *t, union either *e) {
    e->d = t->kind ? t->u.d : t->u.i;
    return t->x * 10 + t->y;
}

double imported_tail(const struct tail *t) {
    double sum = 0;
    for (int i = 0; i < t->n; i++) sum += t->data[i];
    return sum;
}

int imported_layout(struct tight *t, struct lined *l, struct wide *w, struct callbacks *c) {
    t->i += t->c;
    l->x[7] = 7;
    w->x = 1;
    return c->f == NULL && c->rows == NULL;
}

handle_t imported_open(Index Size) {
    handle_t h = malloc(sizeof *h);
    if (h) h->size = Size;
    return h;
}

int imported_use(handle_t h, handle_t *copy) {
    *copy = h;
    return h ? h->size : -1;
}

enum color imported_paint(enum color c, level_t Level, bool Dark) {
    return Level == LOW && Dark ? GREEN : c;
}

_Bool imported_both(_Bool a, _Bool b) { return a && b; }

double imported_vec(vec3 v, double m[2][3], double (*rows)[4]) { return v[2] + m[1][2] + rows[0][3]; }

static double half(double x) { return x / 2; }
static map_t table[1] = {half};
double imported_map(map_t f, double x) { return f ? f(x) : x; }
map_t *imported_table(void) { return table; }

void imported_complex(const double complex *z, float complex *w) {
    *w = (float)creal(*z) * 2 + (float)cimag(*z) * 3 * I;
}

float imported_single(float x) { return x * 2; }

uint8_t imported_bytes(int8_t a, uint16_t b, int64_t c, unsigned char *d) {
    *d = (unsigned char)(a + b + c);
    return *d;
}

const char *imported_text(const char *s) { return s + 1; }

int imported_many(int A, int a, int B, int type, int fn, int _, int self) {
    return A + 2 * a + 3 * B + 4 * type + 5 * fn + 6 * _ + 7 * self;
}

void *imported_any(void *p, const void *const *q) { return q ? (void *)*q : p; }

int imported_renamed(int x) { return x + 100; }
int match(int x) { return x + 200; }
int NotSnake(int X) { return X + 300; }
void imported_long_double(long double *x) { *x = 1; }

shade_t imported_shade(shade_t s, const color_t *c, struct painted *p) {
    p->color = *c;
    p->levels[1] = LOW;
    return s == GREEN ? RED : GREEN;
}
enum huge imported_huge(enum huge h) { return h == HUGE_MOST ? HUGE_ONE : HUGE_MOST; }
int imported_own_names(opened_t *o, struct String *s, struct Option *p) {
    return o->size + s->length + (int)p->value;
}
void imported_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *)) {
    qsort(base, n, size, compare);
}
int imported_compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
int imported_shadowing(int RED, int LIMIT, enum color LOW, int imported_mixed) {
    return RED * 1000 + LIMIT * 100 + (int)LOW * 10 + imported_mixed;
}
int imported_mixed(struct mixed *m) {
    m->x = m->i;
    m->c += 1;
    m->inner.s = (short)(m->x * 2);
    return (int)sizeof *m;
}
double imported_square(int n, const double a[n][n], double (*rows)[n]) {
    double trace = 0;
    for (int i = 0; i < n; i++) {
        trace += a[i][i];
        for (int j = 0; j < n; j++) rows[i][j] = a[j][i];
    }
    return trace;
}
void imported_leave(int status) { exit(status); }
int imported_documented(int x) { return -x; }
__attribute__((ms_abi)) int imported_elsewhere(int x) { return x; }

pair_t imported_give(void) { return (pair_t){1, 2}; }
void imported_take(pair_t p) { (void)p; }
void imported_union(union either e) { (void)e; }
double complex imported_cresult(void) { return 1; }
int imported_vary(const char *format, ...) { return format[0]; }
void imported_list(va_list list) { (void)list; }
long double imported_wide(long double x) { return x; }
map_t imported_function(void) { return half; }
int imported_global;
