/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_STRING_H
#define VEO_LIBC_STRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *, const void *, size_t), *memmove(void *, const void *, size_t), *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t), strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t), strcoll(const char *, const char *);
char *strcpy(char *, const char *), *strncpy(char *, const char *, size_t);
char *strcat(char *, const char *), *strncat(char *, const char *, size_t);
size_t strlen(const char *), strnlen(const char *, size_t), strspn(const char *, const char *);
size_t strcspn(const char *, const char *);
char *strtok(char *, const char *), *strdup(const char *), *strerror(int);
char *strtok_r(char *, const char *, char **), *strndup(const char *, size_t), *strsep(char **, const char *);
char *stpcpy(char *, const char *), *stpncpy(char *, const char *, size_t), *strsignal(int);
size_t strxfrm(char *, const char *, size_t);
void *memccpy(void *, const void *, int, size_t);
#ifdef __cplusplus
const void *memchr(const void *, int, size_t);
const char *strchr(const char *, int), *strrchr(const char *, int), *strstr(const char *, const char *);
const char *strpbrk(const char *, const char *);
#else
void *memchr(const void *, int, size_t);
char *strchr(const char *, int), *strrchr(const char *, int), *strstr(const char *, const char *);
char *strpbrk(const char *, const char *);
#endif
int bcmp(const void *, const void *, size_t), ffs(int), ffsl(long), ffsll(long long);
int strcasecmp(const char *, const char *), strncasecmp(const char *, const char *, size_t);
void bzero(void *, size_t), bcopy(const void *, void *, size_t), explicit_bzero(void *, size_t);
char *index(const char *, int), *rindex(const char *, int), *strcasestr(const char *, const char *);
char *strchrnul(const char *, int);
/* Two functions share this name in C libraries. As symbols, strerror_r is the first of these, __xpg_strerror_r the second. */
#ifdef _GNU_SOURCE
#ifndef basename
char *basename(const char *);
#endif
char *strerror_r(int, char *, size_t);
#else
int strerror_r(int, char *, size_t) __asm__("__xpg_strerror_r");
#endif
void *mempcpy(void *, const void *, size_t), *memrchr(const void *, int, size_t), *rawmemchr(const void *, int);
void *memmem(const void *, size_t, const void *, size_t);
int strverscmp(const char *, const char *);
struct veo_libc_locale;
int strcoll_l(const char *, const char *, struct veo_libc_locale *);
size_t strxfrm_l(char *, const char *, size_t, struct veo_libc_locale *);
char *strerror_l(int, struct veo_libc_locale *);
int strcasecmp_l(const char *, const char *, struct veo_libc_locale *);
int strncasecmp_l(const char *, const char *, size_t, struct veo_libc_locale *);

#ifdef __cplusplus
}
#endif

#endif
