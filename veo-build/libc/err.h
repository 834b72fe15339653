/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_ERR_H
#define VEO_LIBC_ERR_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

void err(int, const char *, ...) __attribute__((noreturn)), errx(int, const char *, ...) __attribute__((noreturn));
void warn(const char *, ...), warnx(const char *, ...);
void verr(int, const char *, va_list) __attribute__((noreturn)), verrx(int, const char *, va_list) __attribute__((noreturn));
void vwarn(const char *, va_list), vwarnx(const char *, va_list);

#ifdef __cplusplus
}
#endif

#endif
