/* Everything that the header of a kernel library may declare. */
#ifndef IMPORTED_H
#define IMPORTED_H

#include <complex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMPORTED_ANSWER 42
#define IMPORTED_HALF 0.5
#define IMPORTED_SINGLE 0.25f
#define IMPORTED_FLAG (1u << 31)
#define IMPORTED_LONG 7L
#define IMPORTED_ALL (~0u)
#define IMPORTED_TEXT "text \"quoted\""
#define IMPORTED_GONE 1
#undef IMPORTED_GONE
#define RED RED
#define IMPORTED_MOST ((size_t)-1)
#define IMPORTED_HEX 0x1.8p3
#define IMPORTED_WORDS (sizeof(long) == 8 ? 2 : 1)
#define IMPORTED_LETTER 'A'
#define IMPORTED_ENDLESS ((float)(1e300 * 1e300))
#define IMPORTED_NONE ((void *)0)
#define IMPORTED_API extern
static const int IMPORTED_CONSTANT = 12;

/** Two numbers [a pair], see <stddef.h>. */
struct pair {
    int a;    /**< the first */
    double b; /* the second */
};
typedef struct pair pair_t;

struct node { struct node *next; long value; bool on; char name[8]; };
struct flags { unsigned low : 3, high : 5; int rest; };
union either { int i; double d; };
struct tagged { int kind; union { int i; double d; } u; struct { int x, y; }; };
struct tail { int n; double data[]; };
struct __attribute__((packed)) tight { char c; int i; };
struct __attribute__((aligned(64))) lined { double x[8]; };
struct wide { long double x; };
struct mixed { int i; long double x; char c; struct { short s; long double y[2]; } inner; };
struct callbacks { double (*f)(double); pair_t **rows; };
struct handle;
typedef struct handle *handle_t;
enum color { RED, GREEN = 5 };
typedef enum { LOW = -1, HIGH } level_t;
typedef enum color color_t;
typedef color_t shade_t;
enum { LIMIT = 1000 };
enum huge { HUGE_ONE = 1, HUGE_MOST = 0xffffffffffffffff };
struct painted { color_t color; level_t levels[2]; };
typedef struct handle opened_t;
struct String { int length; };
struct Option { double value; };
typedef int Index;
typedef double vec3[3];
typedef double (*map_t)(double);

/**
 * Adds.
 *
 * @param a  the [first] <number>
 *     b = code();
 */
long imported_add(int a, double *b);
// A line comment.
void imported_pairs(const pair_t *p, pair_t *out, size_t n);
long imported_walk(const struct node *first);
void imported_link(struct node *nodes, Index n);
int imported_flags(struct flags *f);
int imported_tagged(const struct tagged *t, union either *e);
double imported_tail(const struct tail *t);
int imported_layout(struct tight *t, struct lined *l, struct wide *w, struct callbacks *c);
handle_t imported_open(Index Size);
int imported_use(handle_t h, handle_t *copy);
enum color imported_paint(enum color c, level_t Level, bool Dark);
_Bool imported_both(_Bool a, _Bool b);
double imported_vec(vec3 v, double m[2][3], double (*rows)[4]);
double imported_map(map_t f, double x);
map_t *imported_table(void);
void imported_complex(const double complex *z, float complex *w);
float imported_single(float x);
uint8_t imported_bytes(int8_t a, uint16_t b, int64_t c, unsigned char *d);
const char *imported_text(const char *s);
int imported_many(int A, int a, int B, int type, int fn, int _, int self);
void *imported_any(void *p, const void *const *q);
int imported_renamed(int x) __asm__("imported_other");
int match(int x);
int NotSnake(int X);
void imported_long_double(long double *x);

shade_t imported_shade(shade_t s, const color_t *c, struct painted *p);
enum huge imported_huge(enum huge h);
int imported_own_names(opened_t *o, struct String *s, struct Option *p);
map_t imported_function(void);
void imported_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
int imported_compare(const void *a, const void *b);
__attribute__((noreturn)) void imported_leave(int status);
int imported_mixed(struct mixed *m);
int imported_shadowing(int RED, int LIMIT, enum color LOW, int imported_mixed);
double imported_square(int n, const double a[n][n], double (*rows)[n]);
/**
 **************************************
 * ==== Frame ====
 * See http://example.org/a_b, [x] or `y.
 * ~~~
 * this is no test
 * ~~~
 * - one
 *   more of it
 * 1. two
 * @return -1 &lt; 0
 *************************************/
int imported_documented(int x);

/* These cannot be declared. */
pair_t imported_give(void);
void imported_take(pair_t p);
void imported_union(union either e);
double complex imported_cresult(void);
int imported_vary(const char *format, ...);
void imported_list(va_list list);
long double imported_wide(long double x);
extern int imported_global;
__attribute__((ms_abi)) int imported_elsewhere(int x);
static inline int imported_twice(int x) { return 2 * x; }

#endif
