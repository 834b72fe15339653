/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_LIBGEN_H
#define VEO_LIBC_LIBGEN_H

#ifdef __cplusplus
extern "C" {
#endif

char *dirname(char *), *basename(char *);

#ifdef __cplusplus
}
#endif

#endif
