/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_UTIME_H
#define VEO_LIBC_UTIME_H

#include <sys/types.h>

struct utimbuf {
    time_t actime, modtime;
};

#ifdef __cplusplus
extern "C" {
#endif

int utime(const char *, const struct utimbuf *);

#ifdef __cplusplus
}
#endif

#endif
