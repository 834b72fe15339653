/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_WCHAR_H
#define VEO_LIBC_WCHAR_H

#include <stddef.h>
#include <stdint.h>

#define WEOF 0xffffffffu

typedef unsigned wint_t;
typedef struct {
    unsigned long opaque;
} mbstate_t;

#ifdef __cplusplus
extern "C" {
#endif

size_t wcslen(const wchar_t *), wcsspn(const wchar_t *, const wchar_t *), wcscspn(const wchar_t *, const wchar_t *);
wchar_t *wcscpy(wchar_t *, const wchar_t *), *wcsncpy(wchar_t *, const wchar_t *, size_t);
wchar_t *wcscat(wchar_t *, const wchar_t *), *wcsncat(wchar_t *, const wchar_t *, size_t);
wchar_t *wcschr(const wchar_t *, wchar_t), *wcsrchr(const wchar_t *, wchar_t), *wcsstr(const wchar_t *, const wchar_t *);
wchar_t *wmemcpy(wchar_t *, const wchar_t *, size_t), *wmemmove(wchar_t *, const wchar_t *, size_t);
wchar_t *wmemset(wchar_t *, wchar_t, size_t);
int wcscmp(const wchar_t *, const wchar_t *), wcsncmp(const wchar_t *, const wchar_t *, size_t);
int wmemcmp(const wchar_t *, const wchar_t *, size_t);
long wcstol(const wchar_t *, wchar_t **, int);
double wcstod(const wchar_t *, wchar_t **);
size_t mbrtowc(wchar_t *, const char *, size_t, mbstate_t *), wcrtomb(char *, wchar_t, mbstate_t *);
size_t mbsrtowcs(wchar_t *, const char **, size_t, mbstate_t *), wcsrtombs(char *, const wchar_t **, size_t, mbstate_t *);
wint_t btowc(int);
int wctob(wint_t), swprintf(wchar_t *, size_t, const wchar_t *, ...), wprintf(const wchar_t *, ...);

#ifdef __cplusplus
}
#endif

#endif
