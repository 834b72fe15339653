/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_ERR_H
#define VEO_LIBC_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

void err(int, const char *, ...) __attribute__((noreturn)), errx(int, const char *, ...) __attribute__((noreturn));
void warn(const char *, ...), warnx(const char *, ...);

#ifdef __cplusplus
}
#endif

#endif
