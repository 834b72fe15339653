/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_UNISTD_H
#define VEO_LIBC_UNISTD_H

#include <sys/types.h>

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4
#define _SC_CLK_TCK 2
#define _SC_PAGESIZE 30
#define _SC_NPROCESSORS_CONF 83
#define _SC_NPROCESSORS_ONLN 84
#define _SC_PHYS_PAGES 85

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _POSIX_VERSION 200809L
#define _SC_ARG_MAX 0
#define _SC_OPEN_MAX 4
#define _SC_PAGE_SIZE _SC_PAGESIZE
#define _SC_AVPHYS_PAGES 86

#define _SC_CHILD_MAX 1
#define _SC_NGROUPS_MAX 3
#define _SC_MAPPED_FILES 16
#define _SC_SEMAPHORES 21
#define _SC_VERSION 29
#define _SC_LINE_MAX 43
#define _SC_IOV_MAX 60
#define _SC_THREADS 67
#define _SC_GETGR_R_SIZE_MAX 69
#define _SC_GETPW_R_SIZE_MAX 70
#define _SC_LOGIN_NAME_MAX 71
#define _SC_TTY_NAME_MAX 72
#define _SC_THREAD_KEYS_MAX 74
#define _SC_THREAD_STACK_MIN 75
#define _SC_THREAD_THREADS_MAX 76
#define _SC_MONOTONIC_CLOCK 149
#define _SC_SYMLOOP_MAX 173
#define _SC_HOST_NAME_MAX 180
#define _PC_LINK_MAX 0
#define _PC_MAX_CANON 1
#define _PC_MAX_INPUT 2
#define _PC_NAME_MAX 3
#define _PC_PATH_MAX 4
#define _PC_PIPE_BUF 5
#define _PC_CHOWN_RESTRICTED 6
#define _PC_NO_TRUNC 7
#define _CS_PATH 0
#define F_ULOCK 0
#define F_LOCK 1
#define F_TLOCK 2
#define F_TEST 3

#ifdef __cplusplus
extern "C" {
#endif

void _exit(int) __attribute__((noreturn));
unsigned sleep(unsigned), alarm(unsigned);
int usleep(unsigned), pause(void), close(int), getpagesize(void);
pid_t getpid(void), getppid(void);
int access(const char *, int), unlink(const char *), rmdir(const char *), isatty(int);
int dup(int), dup2(int, int), pipe(int *), gethostname(char *, size_t), fsync(int), ftruncate(int, off_t);
char *getcwd(char *, size_t);
uid_t getuid(void), geteuid(void);
off_t lseek(int, off_t, int);
ssize_t read(int, void *, size_t), write(int, const void *, size_t);
ssize_t pread(int, void *, size_t, off_t), pwrite(int, const void *, size_t, off_t);
gid_t getgid(void), getegid(void);
long sysconf(int), syscall(long, ...);
int getopt(int, char *const *, const char *);

extern char *optarg;
extern int optind, opterr, optopt;
int chown(const char *, uid_t, gid_t), fchown(int, uid_t, gid_t);
int link(const char *, const char *), symlink(const char *, const char *), truncate(const char *, off_t);
ssize_t readlink(const char *, char *, size_t);
void swab(const void *, void *, ssize_t);
pid_t gettid(void);
int chdir(const char *), fchdir(int), dup3(int, int, int), pipe2(int *, int), fdatasync(int);

extern char **environ;
pid_t fork(void), vfork(void), getpgrp(void), getpgid(pid_t), getsid(pid_t), setsid(void);
int setpgid(pid_t, pid_t), execv(const char *, char *const *), execve(const char *, char *const *, char *const *);
int execvp(const char *, char *const *), execvpe(const char *, char *const *, char *const *), daemon(int, int);
int execl(const char *, const char *, ...), execle(const char *, const char *, ...), execlp(const char *, const char *, ...);
unsigned ualarm(unsigned, unsigned);
int unlinkat(int, const char *, int), faccessat(int, const char *, int, int), lchown(const char *, uid_t, gid_t);
int fchownat(int, const char *, uid_t, gid_t, int), linkat(int, const char *, int, const char *, int);
int symlinkat(const char *, int, const char *), lockf(int, int, off_t), getentropy(void *, size_t);
ssize_t readlinkat(int, const char *, char *, size_t);
int getgroups(int, gid_t *), getlogin_r(char *, size_t), ttyname_r(int, char *, size_t), getdtablesize(void), syncfs(int);
char *getlogin(void), *ttyname(int), *ctermid(char *);
long pathconf(const char *, int), fpathconf(int, int);
size_t confstr(int, char *, size_t);
void sync(void);

#ifdef __cplusplus
}
#endif

#endif
