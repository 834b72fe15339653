/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_SYSCALL_H
#define VEO_LIBC_SYS_SYSCALL_H

/* The numbers of the host, which serves the calls. */
#define __NR_read 0
#define __NR_write 1
#define __NR_open 2
#define __NR_close 3
#define __NR_mmap 9
#define __NR_munmap 11
#define __NR_ioctl 16
#define __NR_sched_yield 24
#define __NR_nanosleep 35
#define __NR_getpid 39
#define __NR_exit 60
#define __NR_kill 62
#define __NR_uname 63
#define __NR_gettimeofday 96
#define __NR_getrusage 98
#define __NR_sysinfo 99
#define __NR_gettid 186
#define __NR_futex 202
#define __NR_sched_setaffinity 203
#define __NR_sched_getaffinity 204
#define __NR_clock_gettime 228
#define __NR_exit_group 231
#define __NR_tgkill 234
#define __NR_getcpu 309

#define SYS_read __NR_read
#define SYS_write __NR_write
#define SYS_open __NR_open
#define SYS_close __NR_close
#define SYS_mmap __NR_mmap
#define SYS_munmap __NR_munmap
#define SYS_ioctl __NR_ioctl
#define SYS_sched_yield __NR_sched_yield
#define SYS_nanosleep __NR_nanosleep
#define SYS_getpid __NR_getpid
#define SYS_exit __NR_exit
#define SYS_kill __NR_kill
#define SYS_uname __NR_uname
#define SYS_gettimeofday __NR_gettimeofday
#define SYS_getrusage __NR_getrusage
#define SYS_sysinfo __NR_sysinfo
#define SYS_gettid __NR_gettid
#define SYS_futex __NR_futex
#define SYS_sched_setaffinity __NR_sched_setaffinity
#define SYS_sched_getaffinity __NR_sched_getaffinity
#define SYS_clock_gettime __NR_clock_gettime
#define SYS_exit_group __NR_exit_group
#define SYS_tgkill __NR_tgkill
#define SYS_getcpu __NR_getcpu

#endif
