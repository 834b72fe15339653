/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_TIME_H
#define VEO_LIBC_SYS_TIME_H

#include <time.h>

struct timeval {
    time_t tv_sec;
    long tv_usec;
};

#ifdef __cplusplus
extern "C" {
#endif

int gettimeofday(struct timeval *, void *);

#ifdef __cplusplus
}
#endif

#endif
