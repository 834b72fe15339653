/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_STDLIB_H
#define VEO_LIBC_STDLIB_H

#include <alloca.h>
#include <stddef.h>
#include <sys/types.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 2147483647

typedef struct {
    int quot, rem;
} div_t;
typedef struct {
    long quot, rem;
} ldiv_t;
typedef struct {
    long long quot, rem;
} lldiv_t;

#define MB_CUR_MAX 1

#ifdef __cplusplus
extern "C" {
#endif

void *malloc(size_t), *calloc(size_t, size_t), *realloc(void *, size_t), *aligned_alloc(size_t, size_t);
int posix_memalign(void **, size_t, size_t);
void free(void *);
void abort(void) __attribute__((noreturn));
void exit(int) __attribute__((noreturn));
void _Exit(int) __attribute__((noreturn));
int atexit(void (*)(void));
int at_quick_exit(void (*)(void));
void quick_exit(int) __attribute__((noreturn));
char *getenv(const char *);
int setenv(const char *, const char *, int), unsetenv(const char *), putenv(char *);
int abs(int);
long labs(long);
long long llabs(long long);
div_t div(int, int);
ldiv_t ldiv(long, long);
lldiv_t lldiv(long long, long long);
int rand(void);
void srand(unsigned);
int atoi(const char *);
long atol(const char *), strtol(const char *, char **, int);
long long atoll(const char *), strtoll(const char *, char **, int);
unsigned long strtoul(const char *, char **, int);
unsigned long long strtoull(const char *, char **, int);
double atof(const char *), strtod(const char *, char **);
float strtof(const char *, char **);
long double strtold(const char *, char **);
int mblen(const char *, size_t), mbtowc(wchar_t *, const char *, size_t), wctomb(char *, wchar_t);
size_t mbstowcs(wchar_t *, const char *, size_t), wcstombs(char *, const wchar_t *, size_t);
int rand_r(unsigned *);
long random(void), lrand48(void), mrand48(void), nrand48(unsigned short *), jrand48(unsigned short *);
void srandom(unsigned), srand48(long), lcong48(unsigned short *);
double drand48(void), erand48(unsigned short *);
unsigned short *seed48(unsigned short *);
int mkstemp(char *);
char *realpath(const char *, char *);
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
void *bsearch(const void *, const void *, size_t, size_t, int (*)(const void *, const void *));
int system(const char *), clearenv(void), on_exit(void (*)(int, void *), void *);
char *mkdtemp(char *), *mktemp(char *), *secure_getenv(const char *);
void *reallocarray(void *, size_t, size_t), *valloc(size_t);
void qsort_r(void *, size_t, size_t, int (*)(const void *, const void *, void *), void *);
int mkostemp(char *, int), mkstemps(char *, int), mkostemps(char *, int, int), getsubopt(char **, char *const *, char **);
int getloadavg(double *, int);
long a64l(const char *);
char *l64a(long);
char *ecvt(double, int, int *, int *), *fcvt(double, int, int *, int *), *gcvt(double, int, char *);
int ecvt_r(double, int, int *, int *, char *, size_t), fcvt_r(double, int, int *, int *, char *, size_t);
int strfromd(char *, size_t, const char *, double), strfromf(char *, size_t, const char *, float);
char *initstate(unsigned, char *, size_t), *setstate(char *);

struct random_data {
    int *opaque[2], *state, rest[6];
};
struct drand48_data {
    unsigned short state[3], old[3], term, is_set;
    unsigned long long factor;
};
int initstate_r(unsigned, char *, size_t, struct random_data *), setstate_r(char *, struct random_data *);
int random_r(struct random_data *, int *), srandom_r(unsigned, struct random_data *);
int drand48_r(struct drand48_data *, double *), erand48_r(unsigned short *, struct drand48_data *, double *);
int lrand48_r(struct drand48_data *, long *), nrand48_r(unsigned short *, struct drand48_data *, long *);
int mrand48_r(struct drand48_data *, long *), jrand48_r(unsigned short *, struct drand48_data *, long *);
int srand48_r(long, struct drand48_data *), seed48_r(unsigned short *, struct drand48_data *);
int lcong48_r(unsigned short *, struct drand48_data *);
unsigned arc4random(void), arc4random_uniform(unsigned);
void arc4random_buf(void *, size_t);
struct veo_libc_locale;
double strtod_l(const char *, char **, struct veo_libc_locale *);
float strtof_l(const char *, char **, struct veo_libc_locale *);
long double strtold_l(const char *, char **, struct veo_libc_locale *);
long strtol_l(const char *, char **, int, struct veo_libc_locale *);
long long strtoll_l(const char *, char **, int, struct veo_libc_locale *);
unsigned long strtoul_l(const char *, char **, int, struct veo_libc_locale *);
unsigned long long strtoull_l(const char *, char **, int, struct veo_libc_locale *);

#ifdef __cplusplus
}
#endif

#endif
