/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_TIME_H
#define VEO_LIBC_TIME_H

#include <stddef.h>

#define CLOCKS_PER_SEC 1000000L
#define TIME_UTC 1
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3

typedef long time_t;
typedef long clock_t;
typedef int clockid_t;

struct timespec {
    time_t tv_sec;
    long tv_nsec;
};
struct tm {
    int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
    long tm_gmtoff;
    const char *tm_zone;
};

#define TIMER_ABSTIME 1
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7

typedef void *timer_t;

#ifdef __cplusplus
extern "C" {
#endif

extern char *tzname[2];
extern long timezone;
extern int daylight;

time_t time(time_t *), mktime(struct tm *);
clock_t clock(void);
double difftime(time_t, time_t);
struct tm *gmtime(const time_t *), *localtime(const time_t *);
size_t strftime(char *, size_t, const char *, const struct tm *);
int clock_gettime(clockid_t, struct timespec *), clock_getres(clockid_t, struct timespec *);
char *asctime(const struct tm *), *ctime(const time_t *), *asctime_r(const struct tm *, char *), *ctime_r(const time_t *, char *);
struct tm *gmtime_r(const time_t *, struct tm *), *localtime_r(const time_t *, struct tm *);
time_t timegm(struct tm *);
int timespec_get(struct timespec *, int);
int nanosleep(const struct timespec *, struct timespec *);
char *strptime(const char *, const char *, struct tm *);
void tzset(void);
int clock_nanosleep(clockid_t, int, const struct timespec *, struct timespec *), timespec_getres(struct timespec *, int);
time_t timelocal(struct tm *);
struct veo_libc_locale;
size_t strftime_l(char *, size_t, const char *, const struct tm *, struct veo_libc_locale *);
struct sigevent;
struct itimerspec;
int timer_create(clockid_t, struct sigevent *, timer_t *), timer_delete(timer_t), timer_getoverrun(timer_t);
int timer_settime(timer_t, int, const struct itimerspec *, struct itimerspec *), timer_gettime(timer_t, struct itimerspec *);

#ifdef __cplusplus
}
#endif

#endif
