/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_WCHAR_H
#define VEO_LIBC_WCHAR_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WEOF 0xffffffffu

typedef unsigned wint_t;
struct tm;
typedef struct {
    unsigned long opaque;
} mbstate_t;

#ifndef WCHAR_MAX
#define WCHAR_MAX __WCHAR_MAX__
#ifdef __WCHAR_UNSIGNED__
#define WCHAR_MIN 0
#else
#define WCHAR_MIN (-WCHAR_MAX - 1)
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

size_t wcslen(const wchar_t *), wcsnlen(const wchar_t *, size_t), wcsspn(const wchar_t *, const wchar_t *);
size_t wcscspn(const wchar_t *, const wchar_t *), wcsxfrm(wchar_t *, const wchar_t *, size_t);
wchar_t *wcscpy(wchar_t *, const wchar_t *), *wcsncpy(wchar_t *, const wchar_t *, size_t);
wchar_t *wcscat(wchar_t *, const wchar_t *), *wcsncat(wchar_t *, const wchar_t *, size_t), *wcsdup(const wchar_t *);
wchar_t *wcschr(const wchar_t *, wchar_t), *wcsrchr(const wchar_t *, wchar_t), *wcsstr(const wchar_t *, const wchar_t *);
wchar_t *wcspbrk(const wchar_t *, const wchar_t *), *wcstok(wchar_t *, const wchar_t *, wchar_t **);
wchar_t *wmemcpy(wchar_t *, const wchar_t *, size_t), *wmemmove(wchar_t *, const wchar_t *, size_t);
wchar_t *wmemset(wchar_t *, wchar_t, size_t), *wmemchr(const wchar_t *, wchar_t, size_t);
int wcscmp(const wchar_t *, const wchar_t *), wcsncmp(const wchar_t *, const wchar_t *, size_t);
int wcscoll(const wchar_t *, const wchar_t *), wmemcmp(const wchar_t *, const wchar_t *, size_t);
long wcstol(const wchar_t *, wchar_t **, int);
long long wcstoll(const wchar_t *, wchar_t **, int);
unsigned long wcstoul(const wchar_t *, wchar_t **, int);
unsigned long long wcstoull(const wchar_t *, wchar_t **, int);
double wcstod(const wchar_t *, wchar_t **);
float wcstof(const wchar_t *, wchar_t **);
long double wcstold(const wchar_t *, wchar_t **);
size_t mbrlen(const char *, size_t, mbstate_t *);
size_t mbrtowc(wchar_t *, const char *, size_t, mbstate_t *), wcrtomb(char *, wchar_t, mbstate_t *);
size_t mbsrtowcs(wchar_t *, const char **, size_t, mbstate_t *), wcsrtombs(char *, const wchar_t **, size_t, mbstate_t *);
int mbsinit(const mbstate_t *), wctob(wint_t), wcwidth(wchar_t), wcswidth(const wchar_t *, size_t);
wint_t btowc(int);
int swprintf(wchar_t *, size_t, const wchar_t *, ...), wprintf(const wchar_t *, ...), fwprintf(FILE *, const wchar_t *, ...);
int vswprintf(wchar_t *, size_t, const wchar_t *, va_list), vwprintf(const wchar_t *, va_list);
int vfwprintf(FILE *, const wchar_t *, va_list);
int swscanf(const wchar_t *, const wchar_t *, ...), wscanf(const wchar_t *, ...), fwscanf(FILE *, const wchar_t *, ...);
wint_t fgetwc(FILE *), getwc(FILE *), getwchar(void), fputwc(wchar_t, FILE *), putwc(wchar_t, FILE *), putwchar(wchar_t);
wint_t ungetwc(wint_t, FILE *);
wchar_t *fgetws(wchar_t *, int, FILE *);
int fputws(const wchar_t *, FILE *), fwide(FILE *, int);
int vswscanf(const wchar_t *, const wchar_t *, va_list), vwscanf(const wchar_t *, va_list);
int vfwscanf(FILE *, const wchar_t *, va_list);
int wcscasecmp(const wchar_t *, const wchar_t *), wcsncasecmp(const wchar_t *, const wchar_t *, size_t);
wchar_t *wcpcpy(wchar_t *, const wchar_t *), *wcpncpy(wchar_t *, const wchar_t *, size_t);
wchar_t *wmempcpy(wchar_t *, const wchar_t *, size_t);
size_t wcsftime(wchar_t *, size_t, const wchar_t *, const struct tm *);
size_t mbsnrtowcs(wchar_t *, const char **, size_t, size_t, mbstate_t *);
size_t wcsnrtombs(char *, const wchar_t **, size_t, size_t, mbstate_t *);

#ifdef __cplusplus
}
#endif

#endif
