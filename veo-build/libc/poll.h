/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_POLL_H
#define VEO_LIBC_POLL_H

#include <signal.h>
#include <time.h>

#define POLLIN 1
#define POLLPRI 2
#define POLLOUT 4
#define POLLERR 8
#define POLLHUP 16
#define POLLNVAL 32
#define POLLRDNORM 0x40
#define POLLRDBAND 0x80
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200
#define POLLRDHUP 0x2000

typedef unsigned long nfds_t;
struct pollfd {
    int fd;
    short events, revents;
};

#ifdef __cplusplus
extern "C" {
#endif

int poll(struct pollfd *, nfds_t, int);
int ppoll(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);

#ifdef __cplusplus
}
#endif

#endif
