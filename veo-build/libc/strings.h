/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_STRINGS_H
#define VEO_LIBC_STRINGS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int strcasecmp(const char *, const char *), strncasecmp(const char *, const char *, size_t), ffs(int);
void bzero(void *, size_t), bcopy(const void *, void *, size_t);
char *index(const char *, int), *rindex(const char *, int);
int bcmp(const void *, const void *, size_t), ffsl(long), ffsll(long long);

#ifdef __cplusplus
}
#endif

#endif
