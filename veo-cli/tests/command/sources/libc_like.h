/* Declarations as headers of the C library have them. */
#ifndef LIBC_LIKE_H
#define LIBC_LIKE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIMIT 64

struct tm {
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
	long tm_gmtoff;
	const char *tm_zone;
};

typedef struct {
	int quot, rem;
} div_t;

typedef struct stream FILE;
typedef int (*comparison)(const void *, const void *);

extern void *memcpy(void *__restrict to, const void *__restrict from, size_t n) __attribute__((__nonnull__(1, 2)));
extern size_t strlen(const char *s) __attribute__((__pure__));
extern int abs(int x);
extern div_t div(int numerator, int denominator);
extern int printf(const char *format, ...);
extern size_t fread(void *to, size_t size, size_t n, FILE *stream);
extern void qsort(void *base, size_t n, size_t size, comparison compare);
extern struct tm *gmtime(const long *time);
extern void exit(int status) __attribute__((__noreturn__));

#ifdef __cplusplus
}
#endif
#endif
