/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SIGNAL_H
#define VEO_LIBC_SIGNAL_H

#include <stddef.h>

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
typedef struct {
    unsigned long bits[16];
} sigset_t;
typedef union sigval {
    int sival_int;
    void *sival_ptr;
} sigval_t;
typedef struct {
    int si_signo, si_errno, si_code, unused;
    union {
        struct {
            int si_pid;
            unsigned si_uid;
            union {
                union sigval si_value;
                int si_status;
            };
        };
        void *si_addr;
        unsigned long rest[14];
    };
} siginfo_t;
struct sigaction {
    union {
        void (*sa_handler)(int);
        void (*sa_sigaction)(int, siginfo_t *, void *);
    };
    sigset_t sa_mask;
    int sa_flags;
    void (*sa_restorer)(void);
};

#define SIGIOT SIGABRT
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCLD SIGCHLD
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPOLL SIGIO
#define SIGPWR 30
#define SIGSYS 31
#define NSIG 65
#define SA_NOCLDSTOP 1
#define SA_SIGINFO 4
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

typedef void (*sighandler_t)(int);

#define SIGRTMIN __libc_current_sigrtmin()
#define SIGRTMAX __libc_current_sigrtmax()
#define SA_NOCLDWAIT 2
#define SA_ONSTACK 0x08000000
#define SS_ONSTACK 1
#define SS_DISABLE 2
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192

struct timespec;
typedef struct {
    void *ss_sp;
    int ss_flags;
    size_t ss_size;
} stack_t;

#ifdef __cplusplus
extern "C" {
#endif

void (*signal(int number, void (*handler)(int)))(int);
int raise(int number), kill(int process, int number);
int sigaction(int number, const struct sigaction *action, struct sigaction *before);
int sigemptyset(sigset_t *), sigfillset(sigset_t *), sigaddset(sigset_t *, int), sigdelset(sigset_t *, int);
int sigismember(const sigset_t *, int), sigprocmask(int how, const sigset_t *, sigset_t *);
int sigsuspend(const sigset_t *), sigwait(const sigset_t *, int *);
int sigpending(sigset_t *), pthread_sigmask(int how, const sigset_t *, sigset_t *);
int pthread_kill(unsigned long, int), sigwaitinfo(const sigset_t *, siginfo_t *), siginterrupt(int, int);
int sigtimedwait(const sigset_t *, siginfo_t *, const struct timespec *), sigaltstack(const stack_t *, stack_t *);
int sigisemptyset(const sigset_t *), sigorset(sigset_t *, const sigset_t *, const sigset_t *);
int sigandset(sigset_t *, const sigset_t *, const sigset_t *), __libc_current_sigrtmin(void), __libc_current_sigrtmax(void);
void psignal(int, const char *);

#ifdef __cplusplus
}
#endif

#endif
