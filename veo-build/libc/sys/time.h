/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_TIME_H
#define VEO_LIBC_SYS_TIME_H

#include <time.h>

struct timeval {
    time_t tv_sec;
    long tv_usec;
};

struct timezone {
    int tz_minuteswest, tz_dsttime;
};

#define timerisset(time) ((time)->tv_sec || (time)->tv_usec)
#define timerclear(time) ((void)((time)->tv_sec = (time)->tv_usec = 0))
#define timercmp(a, b, how) ((a)->tv_sec == (b)->tv_sec ? (a)->tv_usec how (b)->tv_usec : (a)->tv_sec how (b)->tv_sec)
#define timeradd(a, b, sum) \
    do { \
        (sum)->tv_sec = (a)->tv_sec + (b)->tv_sec; \
        (sum)->tv_usec = (a)->tv_usec + (b)->tv_usec; \
        if ((sum)->tv_usec >= 1000000) { \
            (sum)->tv_sec++; \
            (sum)->tv_usec -= 1000000; \
        } \
    } while (0)
#define timersub(a, b, difference) \
    do { \
        (difference)->tv_sec = (a)->tv_sec - (b)->tv_sec; \
        (difference)->tv_usec = (a)->tv_usec - (b)->tv_usec; \
        if ((difference)->tv_usec < 0) { \
            (difference)->tv_sec--; \
            (difference)->tv_usec += 1000000; \
        } \
    } while (0)

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

#ifdef __cplusplus
extern "C" {
#endif

int gettimeofday(struct timeval *, void *);
int utimes(const char *, const struct timeval *);
int lutimes(const char *, const struct timeval *), futimes(int, const struct timeval *);
struct itimerval {
    struct timeval it_interval, it_value;
};
int setitimer(int, const struct itimerval *, struct itimerval *), getitimer(int, struct itimerval *);

#ifdef __cplusplus
}
#endif

#endif
