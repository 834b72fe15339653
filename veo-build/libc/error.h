/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_ERROR_H
#define VEO_LIBC_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

void error(int, int, const char *, ...);

#ifdef __cplusplus
}
#endif

#endif
