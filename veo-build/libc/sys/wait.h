/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_WAIT_H
#define VEO_LIBC_SYS_WAIT_H

#include <sys/types.h>

#define WNOHANG 1
#define WUNTRACED 2
#define WEXITSTATUS(status) ((status) >> 8 & 0xff)
#define WTERMSIG(status) ((status) & 0x7f)
#define WIFEXITED(status) (WTERMSIG(status) == 0)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)

struct rusage;

#ifdef __cplusplus
extern "C" {
#endif

pid_t wait(int *), waitpid(pid_t, int *, int);
pid_t wait3(int *, int, struct rusage *), wait4(pid_t, int *, int, struct rusage *);

#ifdef __cplusplus
}
#endif

#endif
