/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_FNMATCH_H
#define VEO_LIBC_FNMATCH_H

#define FNM_NOMATCH 1
#define FNM_PATHNAME 1
#define FNM_NOESCAPE 2
#define FNM_PERIOD 4
#define FNM_FILE_NAME FNM_PATHNAME
#define FNM_LEADING_DIR 8
#define FNM_CASEFOLD 16

#ifdef __cplusplus
extern "C" {
#endif

int fnmatch(const char *, const char *, int);

#ifdef __cplusplus
}
#endif

#endif
