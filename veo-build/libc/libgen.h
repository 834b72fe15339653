/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_LIBGEN_H
#define VEO_LIBC_LIBGEN_H

#ifdef __cplusplus
extern "C" {
#endif

char *dirname(char *), *__xpg_basename(char *);

/* The function `basename` itself is GNU's, which keeps slashes at the end. */
#define basename __xpg_basename

#ifdef __cplusplus
}
#endif

#endif
