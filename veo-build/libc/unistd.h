/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_UNISTD_H
#define VEO_LIBC_UNISTD_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

void _exit(int) __attribute__((noreturn));
unsigned sleep(unsigned), alarm(unsigned);
int usleep(unsigned), pause(void), close(int), getpagesize(void);
pid_t getpid(void), getppid(void);
ssize_t read(int, void *, size_t), write(int, const void *, size_t);
long sysconf(int);

#ifdef __cplusplus
}
#endif

#endif
