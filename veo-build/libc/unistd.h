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

#ifdef __cplusplus
}
#endif

#endif
