/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SIGNAL_H
#define VEO_LIBC_SIGNAL_H

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15

#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIG_ERR ((void (*)(int))-1)

typedef int sig_atomic_t;

#ifdef __cplusplus
extern "C" {
#endif

void (*signal(int number, void (*handler)(int)))(int);
int raise(int number), kill(int process, int number);

#ifdef __cplusplus
}
#endif

#endif
